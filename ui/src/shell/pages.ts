import type { IconName } from '../components/Icon';
import type { Key } from '../i18n/catalogue';
import type { Membership } from '../api/types';
import { acts, allows } from './organization';

export interface NavigationPage {
  to:
    | '/o/$slug/overview'
    | '/o/$slug/explore'
    | '/o/$slug/customers'
    | '/o/$slug/merges'
    | '/o/$slug/live'
    | '/o/$slug/sources'
    | '/o/$slug/imports'
    | '/o/$slug/data'
    | '/o/$slug/settings/organization'
    | '/o/$slug/settings/all'
    | '/o/$slug/settings/keys'
    | '/o/$slug/settings/jobs'
    | '/o/$slug/settings/backups'
    | '/o/$slug/settings/activity'
    | '/o/$slug/settings/health'
    | '/o/$slug/settings/people'
    | '/o/$slug/settings/roles';
  label: Key;
  icon: IconName;
  /** Whoever may not do this is not shown the page. */
  needs?: keyof typeof acts;
}

/** The groups of the navigation. A page is listed once it exists. */
export const navigation: { label: Key; pages: NavigationPage[] }[] = [
  { label: 'nav.home', pages: [{ to: '/o/$slug/overview', label: 'nav.overview', icon: 'overview', needs: 'readCustomers' }] },
  { label: 'nav.understand', pages: [{ to: '/o/$slug/explore', label: 'nav.explore', icon: 'chart', needs: 'analyse' }] },
  {
    label: 'nav.people',
    pages: [
      { to: '/o/$slug/customers', label: 'nav.customers', icon: 'people', needs: 'readCustomers' },
      { to: '/o/$slug/merges', label: 'nav.merges', icon: 'merge', needs: 'readCustomers' },
    ],
  },
  {
    label: 'nav.collect',
    pages: [
      { to: '/o/$slug/live', label: 'nav.live', icon: 'eye', needs: 'watch' },
      { to: '/o/$slug/sources', label: 'nav.sources', icon: 'source', needs: 'manageSources' },
      { to: '/o/$slug/imports', label: 'nav.imports', icon: 'import', needs: 'readImports' },
    ],
  },
  { label: 'nav.data', pages: [{ to: '/o/$slug/data', label: 'nav.browser', icon: 'table' }] },
  {
    label: 'nav.settings',
    pages: [
      { to: '/o/$slug/settings/organization', label: 'nav.organization', icon: 'settings' },
      { to: '/o/$slug/settings/people', label: 'nav.staff', icon: 'person', needs: 'readPeople' },
      { to: '/o/$slug/settings/roles', label: 'nav.roles', icon: 'lock', needs: 'readPeople' },
      { to: '/o/$slug/settings/all', label: 'nav.allSettings', icon: 'adjust', needs: 'administer' },
      { to: '/o/$slug/settings/keys', label: 'nav.keys', icon: 'key', needs: 'administer' },
      { to: '/o/$slug/settings/jobs', label: 'nav.jobs', icon: 'refresh', needs: 'administer' },
      { to: '/o/$slug/settings/backups', label: 'nav.backups', icon: 'download', needs: 'manageBackups' },
      { to: '/o/$slug/settings/activity', label: 'nav.activity', icon: 'eye', needs: 'readTrail' },
      { to: '/o/$slug/settings/health', label: 'nav.health', icon: 'overview', needs: 'readHealth' },
    ],
  },
];

/** The groups as far as somebody may open their pages. */
export const pagesFor = (may: Record<keyof typeof acts, boolean>) =>
  navigation
    .map((group) => ({ ...group, pages: group.pages.filter((page) => !page.needs || may[page.needs]) }))
    .filter((group) => group.pages.length > 0);

/** Where somebody begins in an organization: the first page that opens to them. */
export function firstPage(membership: Membership): NavigationPage['to'] {
  const may = Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, allows(membership, act)])) as Record<
    keyof typeof acts,
    boolean
  >;
  return pagesFor(may)[0]!.pages[0]!.to;
}
