import { Skeleton, VisuallyHidden } from '@mantine/core';
import { Card } from '../components/Card';
import { useT } from '../i18n/I18n';
import { metricNames } from './metric-names';
import classes from './Overview.module.css';

/** The page's layout with nothing in it yet, so that nothing moves when the figures arrive. */
export function OverviewSkeleton() {
  const t = useT();
  return (
    <>
      <VisuallyHidden role="status">{t('state.loading')}</VisuallyHidden>
      <div className={classes.filters} aria-hidden="true">
        <Skeleton w={220} h={36} />
        <Skeleton w={180} h={32} />
        <Skeleton w={190} h={36} />
      </div>
      <div className={classes.content} aria-hidden="true">
        <Card flush>
          <div className={classes.tiles}>
            {metricNames.map((name) => (
              <div key={name} style={{ padding: '0.75rem 1rem' }}>
                <Skeleton w={72} h={12} mb={10} />
                <Skeleton w={110} h={24} mb={10} />
                <Skeleton w={90} h={12} />
              </div>
            ))}
          </div>
          <div className={classes.corrections}>
            <Skeleton w={180} h={16} />
            <Skeleton w={180} h={16} />
          </div>
        </Card>
        <div className={classes.split}>
          <Card>
            <Skeleton h={380} mt={8} />
          </Card>
          <Card>
            <Skeleton h={380} mt={8} />
          </Card>
        </div>
      </div>
    </>
  );
}
