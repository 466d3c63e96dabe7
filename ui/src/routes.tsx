import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type RouterHistory,
} from '@tanstack/react-router';
import { customerSearch, customersSearch } from './customers/search';
import { dataSearch, tableSearch } from './data/search';
import { healthSearch } from './health/search';
import { newImportSearch } from './imports/search';
import { auditSearch, jobSearch, settingsSearch } from './operate/search';
import { overviewSearch } from './overview/search';
import { exploreSearch } from './explore/search';
import { rolesSearch } from './people/search';
import { requireSession } from './session/gate';
import { PagePending, ShellPending } from './shell/Pending';
import { firstPage } from './shell/pages';
import { NotFound, NotFoundPage, RouteError } from './shell/RouteStates';
import { parseSearch, stringifySearch, textOf } from './shell/search-params';
import { Shell } from './shell/Shell';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
});

const nextSearch = (search: Record<string, unknown>): { next?: string } => ({ next: textOf(search.next) });

/** What the way back from another service says when it opened nothing. */
const signInSearch = (search: Record<string, unknown>): { next?: string; refused?: string } => ({
  next: textOf(search.next),
  refused: textOf(search.refused),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import('./session/SignInPage'), 'SignInPage'),
});

const choosePassword = createRoute({
  getParentRoute: () => root,
  path: '/choose-password',
  validateSearch: nextSearch,
  beforeLoad: ({ context, location }) => requireSession(context.queryClient, location.href, { passwordMayBeOld: true }),
  component: lazyRouteComponent(() => import('./session/ChoosePasswordPage'), 'ChoosePasswordPage'),
});

const forgotten = createRoute({
  getParentRoute: () => root,
  path: '/forgotten',
  component: lazyRouteComponent(() => import('./session/ForgottenPage'), 'ForgottenPage'),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('./session/ResetPage'), 'ResetPage'),
});

const verify = createRoute({
  getParentRoute: () => root,
  path: '/verify',
  // The link proves an address to the account that asked for it, so its owner is signed in first.
  beforeLoad: ({ context, location }) => requireSession(context.queryClient, location.href, { passwordMayBeOld: true }),
  component: lazyRouteComponent(() => import('./session/VerifyPage'), 'VerifyPage'),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./session/InvitationPage'), 'InvitationPage'),
});

/** Mails link here; the page itself lies inside an organization, with the navigation around it. */
const anyAccount = createRoute({
  getParentRoute: () => root,
  path: '/account',
  beforeLoad: async ({ context }) => {
    const session = await requireSession(context.queryClient, '/account');
    const first = session.organizations[0];
    throw first ? redirect({ to: '/o/$slug/account', params: { slug: first.slug }, replace: true }) : redirect({ to: '/', replace: true });
  },
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    const session = await requireSession(context.queryClient, '/');
    const first = session.organizations[0];
    if (first) throw redirect({ to: firstPage(first), params: { slug: first.slug }, replace: true });
  },
  component: lazyRouteComponent(() => import('./session/NoOrganizationPage'), 'NoOrganizationPage'),
});

const organization = createRoute({
  getParentRoute: () => root,
  path: '/o/$slug',
  // An order opens over any page, so that events, lists and the palette can all link to it.
  validateSearch: (search: Record<string, unknown>): { order?: string } => ({ order: textOf(search.order) }),
  beforeLoad: async ({ context, location }) => {
    await requireSession(context.queryClient, location.href);
  },
  component: Shell,
  pendingComponent: ShellPending,
  notFoundComponent: NotFound,
});

const organizationHome = createRoute({
  getParentRoute: () => organization,
  path: '/',
  beforeLoad: async ({ context, params, location }) => {
    const session = await requireSession(context.queryClient, location.href);
    const membership = session.organizations.find((o) => o.slug === params.slug);
    throw redirect({ to: membership ? firstPage(membership) : '/o/$slug/overview', params, replace: true });
  },
});

const overview = createRoute({
  getParentRoute: () => organization,
  path: 'overview',
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => import('./overview/OverviewPage'), 'OverviewPage'),
});

const explore = createRoute({
  getParentRoute: () => organization,
  path: 'explore',
  validateSearch: exploreSearch,
  component: lazyRouteComponent(() => import('./explore/ExplorePage'), 'ExplorePage'),
});

const customers = createRoute({
  getParentRoute: () => organization,
  path: 'customers',
  validateSearch: customersSearch,
  component: lazyRouteComponent(() => import('./customers/CustomersPage'), 'CustomersPage'),
});

const customer = createRoute({
  getParentRoute: () => organization,
  path: 'customers/$id',
  validateSearch: customerSearch,
  component: lazyRouteComponent(() => import('./customers/CustomerPage'), 'CustomerPage'),
});

const imports = createRoute({
  getParentRoute: () => organization,
  path: 'imports',
  component: lazyRouteComponent(() => import('./imports/ImportsPage'), 'ImportsPage'),
});

const newImport = createRoute({
  getParentRoute: () => organization,
  path: 'imports/new',
  validateSearch: newImportSearch,
  component: lazyRouteComponent(() => import('./imports/NewImportPage'), 'NewImportPage'),
});

const importDetail = createRoute({
  getParentRoute: () => organization,
  path: 'imports/$id',
  component: lazyRouteComponent(() => import('./imports/ImportPage'), 'ImportPage'),
});

const live = createRoute({
  getParentRoute: () => organization,
  path: 'live',
  validateSearch: (search: Record<string, unknown>): { type?: string } => ({ type: textOf(search.type) }),
  component: lazyRouteComponent(() => import('./collect/LivePage'), 'LivePage'),
});

const sources = createRoute({
  getParentRoute: () => organization,
  path: 'sources',
  component: lazyRouteComponent(() => import('./collect/SourcesPage'), 'SourcesPage'),
});

const merges = createRoute({
  getParentRoute: () => organization,
  path: 'merges',
  component: lazyRouteComponent(() => import('./collect/MergesPage'), 'MergesPage'),
});

const data = createRoute({
  getParentRoute: () => organization,
  path: 'data',
  validateSearch: dataSearch,
  component: lazyRouteComponent(() => import('./data/DataPage'), 'DataPage'),
});

const dataTable = createRoute({
  getParentRoute: () => organization,
  path: 'data/$schema/$relation',
  validateSearch: tableSearch,
  component: lazyRouteComponent(() => import('./data/TablePage'), 'TablePage'),
});

const organizationSettings = createRoute({
  getParentRoute: () => organization,
  path: 'settings/organization',
  component: lazyRouteComponent(() => import('./settings/OrganizationPage'), 'OrganizationPage'),
});

const allSettings = createRoute({
  getParentRoute: () => organization,
  path: 'settings/all',
  validateSearch: settingsSearch,
  component: lazyRouteComponent(() => import('./operate/SettingsPage'), 'SettingsPage'),
});

const keys = createRoute({
  getParentRoute: () => organization,
  path: 'settings/keys',
  component: lazyRouteComponent(() => import('./operate/KeysPage'), 'KeysPage'),
});

const jobs = createRoute({
  getParentRoute: () => organization,
  path: 'settings/jobs',
  component: lazyRouteComponent(() => import('./operate/JobsPage'), 'JobsPage'),
});

const job = createRoute({
  getParentRoute: () => organization,
  path: 'settings/jobs/$id',
  validateSearch: jobSearch,
  component: lazyRouteComponent(() => import('./operate/JobPage'), 'JobPage'),
});

const backups = createRoute({
  getParentRoute: () => organization,
  path: 'settings/backups',
  component: lazyRouteComponent(() => import('./operate/BackupsPage'), 'BackupsPage'),
});

const activity = createRoute({
  getParentRoute: () => organization,
  path: 'settings/activity',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./operate/ActivityPage'), 'ActivityPage'),
});

const health = createRoute({
  getParentRoute: () => organization,
  path: 'settings/health',
  validateSearch: healthSearch,
  component: lazyRouteComponent(() => import('./health/HealthPage'), 'HealthPage'),
});

const people = createRoute({
  getParentRoute: () => organization,
  path: 'settings/people',
  component: lazyRouteComponent(() => import('./people/PeoplePage'), 'PeoplePage'),
});

const roles = createRoute({
  getParentRoute: () => organization,
  path: 'settings/roles',
  validateSearch: rolesSearch,
  component: lazyRouteComponent(() => import('./people/RolesPage'), 'RolesPage'),
});

const account = createRoute({
  getParentRoute: () => organization,
  path: 'account',
  component: lazyRouteComponent(() => import('./account/AccountPage'), 'AccountPage'),
});

const routeTree = root.addChildren([
  home,
  signIn,
  choosePassword,
  forgotten,
  reset,
  verify,
  invitation,
  anyAccount,
  organization.addChildren([
    organizationHome,
    overview,
    explore,
    customers,
    customer,
    merges,
    live,
    sources,
    imports,
    newImport,
    importDetail,
    data,
    dataTable,
    organizationSettings,
    allSettings,
    keys,
    jobs,
    backups,
    job,
    activity,
    health,
    people,
    roles,
    account,
  ]),
]);

export const makeRouter = (queryClient: QueryClient, history?: RouterHistory) =>
  createRouter({
    routeTree,
    history,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultErrorComponent: RouteError,
    defaultPendingComponent: PagePending,
    defaultPendingMs: 150,
    defaultPendingMinMs: 200,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
