import { Skeleton, VisuallyHidden } from '@mantine/core';
import { useT } from '../i18n/I18n';
import classes from './Shell.module.css';

/** While a page's code is on its way: the place of its title and its content. */
export function PagePending() {
  const t = useT();
  return (
    <div className={classes.pending}>
      <VisuallyHidden role="status">{t('state.loading')}</VisuallyHidden>
      <div aria-hidden="true">
        <Skeleton w={120} h={12} mb={14} />
        <Skeleton w={200} h={24} mb={24} />
        <Skeleton h={96} mb={16} radius="md" />
        <Skeleton h={360} radius="md" />
      </div>
    </div>
  );
}

/** While it is found out who is there: the navigation's place too. */
export function ShellPending() {
  return (
    <div className={classes.shellPending}>
      <div className={classes.navigationPending} aria-hidden="true">
        <Skeleton h={28} mb={12} />
        <Skeleton h={32} mb={28} />
        {[120, 96, 140, 110].map((width) => (
          <Skeleton key={width} h={16} w={width} mb={24} />
        ))}
      </div>
      <main className={classes.main}>
        <PagePending />
      </main>
    </div>
  );
}
