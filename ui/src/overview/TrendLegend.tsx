import { useT } from '../i18n/I18n';
import classes from './Overview.module.css';

/** What the lines mean, as far as they do not say it themselves. */
export function TrendLegend({ compare, partial }: { compare: boolean; partial: boolean }) {
  const t = useT();
  return (
    <ul className={classes.legend}>
      {compare && (
        <>
          <li data-narrow>{t('overview.thisPeriod')}</li>
          <li data-narrow data-line="previous">
            {t('overview.previousPeriod')}
          </li>
        </>
      )}
      {partial && <li data-line="partial">{t('overview.partial')}</li>}
    </ul>
  );
}
