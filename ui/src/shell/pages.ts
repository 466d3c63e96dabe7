import type { IconName } from '../components/Icon';
import type { Key } from '../i18n/catalogue';

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
    | '/o/$slug/settings/activity';
  label: Key;
  icon: IconName;
}

/** The groups of the navigation. A page is listed once it exists. */
export const navigation: { label: Key; pages: NavigationPage[] }[] = [
  { label: 'nav.home', pages: [{ to: '/o/$slug/overview', label: 'nav.overview', icon: 'overview' }] },
  { label: 'nav.understand', pages: [{ to: '/o/$slug/explore', label: 'nav.explore', icon: 'chart' }] },
  {
    label: 'nav.people',
    pages: [
      { to: '/o/$slug/customers', label: 'nav.customers', icon: 'people' },
      { to: '/o/$slug/merges', label: 'nav.merges', icon: 'merge' },
    ],
  },
  {
    label: 'nav.collect',
    pages: [
      { to: '/o/$slug/live', label: 'nav.live', icon: 'eye' },
      { to: '/o/$slug/sources', label: 'nav.sources', icon: 'source' },
      { to: '/o/$slug/imports', label: 'nav.imports', icon: 'import' },
    ],
  },
  { label: 'nav.data', pages: [{ to: '/o/$slug/data', label: 'nav.browser', icon: 'table' }] },
  {
    label: 'nav.settings',
    pages: [
      { to: '/o/$slug/settings/organization', label: 'nav.organization', icon: 'settings' },
      { to: '/o/$slug/settings/all', label: 'nav.allSettings', icon: 'adjust' },
      { to: '/o/$slug/settings/keys', label: 'nav.keys', icon: 'lock' },
      { to: '/o/$slug/settings/jobs', label: 'nav.jobs', icon: 'refresh' },
      { to: '/o/$slug/settings/activity', label: 'nav.activity', icon: 'eye' },
    ],
  },
];
