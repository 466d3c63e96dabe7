import { Group, Title } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useT } from '../i18n/I18n';
import { useTitle } from '../shell/useTitle';
import { Icon } from './Icon';
import classes from './PageHeader.module.css';

interface PageHeaderProps {
  title: string;
  /** Where the page lies: the group of the navigation, then the pages above. */
  crumbs: ReactNode[];
  /** Beside the title: a state, an identifier. */
  aside?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, crumbs, aside, actions }: PageHeaderProps) {
  const t = useT();
  useTitle(title);
  return (
    <header className={classes.header}>
      <nav aria-label={t('shell.breadcrumbs')}>
        <ol className={classes.crumbs}>
          {crumbs.map((crumb, i) => (
            <Fragment key={i}>
              <li>{crumb}</li>
              <li aria-hidden="true" className={classes.separator}>
                <Icon name="chevronRight" size={12} />
              </li>
            </Fragment>
          ))}
          <li aria-current="page">{title}</li>
        </ol>
      </nav>
      <Group justify="space-between" gap="sm" className={classes.row}>
        <Group gap="sm" className={classes.titleGroup}>
          <Title order={1} className={classes.title}>
            {title}
          </Title>
          {aside}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
    </header>
  );
}

/** The style of a link in the breadcrumbs; the caller brings the router's typed link. */
export const crumbClass = classes.link;
