import { Kbd, UnstyledButton } from '@mantine/core';
import { useOs } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { Session } from '../api/types';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Navigation.module.css';
import { useOrganization, usePermissions } from './organization';
import { OrganizationSwitcher } from './OrganizationSwitcher';
import { pagesFor } from './pages';
import { UserMenu } from './UserMenu';
import { usePlainT } from '../i18n/usePlainT';

export function Navigation({ session, openPalette }: { session: Session; openPalette: () => void }) {
  const t = useT();
  const plain = usePlainT();
  const { slug } = useOrganization();
  const may = usePermissions();
  const apple = ['macos', 'ios'].includes(useOs());
  return (
    <div className={classes.navigation}>
      <OrganizationSwitcher organizations={session.organizations} />
      <UnstyledButton className={classes.find} onClick={openPalette}>
        <Icon name="search" />
        <span className={classes.grow}>{t('shell.find')}</span>
        <Kbd size="xs">{apple ? '⌘K' : 'Ctrl K'}</Kbd>
      </UnstyledButton>
      <nav aria-label={t('shell.navigation')} className={classes.pages}>
        {pagesFor(may).map((group) => (
          <div key={group.label} className={classes.group}>
            <div className={classes.label} id={group.label}>
              {plain(group.label)}
            </div>
            <ul aria-labelledby={group.label}>
              {group.pages.map((page) => (
                <li key={page.to}>
                  <Link to={page.to} params={{ slug }} className={classes.link} activeOptions={{ includeSearch: false }}>
                    <Icon name={page.icon} size={18} />
                    {plain(page.label)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <UserMenu session={session} />
    </div>
  );
}
