import { AppShell, Burger, Group, Text } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { sessionQuery } from '../api/queries';
import { Notices } from '../components/Notices';
import { FormatProvider, useT } from '../i18n/I18n';
import { Navigation } from './Navigation';
import { OrganizationContext } from './organization';
import { OrganizationClosed } from './OrganizationClosed';
import { OrganizationMissing } from './OrganizationMissing';
import { usePreferencesFrom } from './preferences';
import classes from './Shell.module.css';

const Palette = lazy(() => import('./palette/Palette'));
const OrderDrawer = lazy(() => import('../customers/OrderDrawer'));

export function Shell() {
  const t = useT();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { slug } = useParams({ from: '/o/$slug' });
  const { order } = useSearch({ from: '/o/$slug' });
  const { pathname } = useLocation();
  const [menuOpen, menu] = useDisclosure(false);
  const [paletteOpen, palette] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  const shownPath = useRef(pathname);
  usePreferencesFrom(session);
  useHotkeys([['mod+K', palette.toggle]], []);

  // A new page starts at its beginning for keyboards and screen readers too.
  useEffect(() => {
    if (shownPath.current === pathname) return;
    shownPath.current = pathname;
    menu.close();
    main.current?.focus({ preventScroll: true });
  }, [pathname, menu]);

  const membership = session.organizations.find((o) => o.slug === slug);
  if (!membership) return <OrganizationMissing slug={slug} />;

  return (
    <OrganizationContext value={membership}>
      <FormatProvider zone={membership.timeZone} currency={membership.currency}>
        <a href="#main" className={classes.skip}>
          {t('shell.skip')}
        </a>
        <Notices>
          <AppShell
            header={{ height: { base: 52, md: 0 } }}
            navbar={{ width: 232, breakpoint: 'md', collapsed: { mobile: !menuOpen } }}
            padding={0}
            transitionDuration={0}
          >
            <AppShell.Header hiddenFrom="md" className={classes.header}>
              <Group h="100%" px="sm" gap="sm" wrap="nowrap">
                <Burger
                  size="sm"
                  opened={menuOpen}
                  onClick={menu.toggle}
                  aria-label={t(menuOpen ? 'shell.closeMenu' : 'shell.openMenu')}
                  aria-expanded={menuOpen}
                />
                <Text fw={600} truncate>
                  {membership.name}
                </Text>
              </Group>
            </AppShell.Header>
            <AppShell.Navbar className={classes.navbar}>
              <Navigation session={session} openPalette={palette.open} />
            </AppShell.Navbar>
            <AppShell.Main id="main" ref={main} tabIndex={-1} className={classes.main}>
              {membership.closedAt && !pathname.endsWith('/account') ? <OrganizationClosed /> : <Outlet />}
            </AppShell.Main>
          </AppShell>
          <Suspense>{paletteOpen && <Palette close={palette.close} />}</Suspense>
          <Suspense>{order && <OrderDrawer id={order} />}</Suspense>
        </Notices>
      </FormatProvider>
    </OrganizationContext>
  );
}
