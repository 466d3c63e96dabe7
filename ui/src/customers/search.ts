import { oneOf, textOf } from '../shell/search-params';

export const customerSorts = ['revenue', '-revenue', 'orders', '-orders', 'lastSeen', '-lastSeen', 'name', '-name'] as const;

export type CustomerSort = (typeof customerSorts)[number];

export const defaultSort: CustomerSort = '-revenue';

export interface CustomersSearch {
  search?: string;
  country?: string;
  sort?: CustomerSort;
  /** The customer shown in the side panel. */
  peek?: string;
}

export const customersSearch = (search: Record<string, unknown>): CustomersSearch => ({
  search: textOf(search.search),
  country: textOf(search.country),
  sort: oneOf(customerSorts, search.sort),
  peek: textOf(search.peek),
});

export const customerTabs = ['timeline', 'orders', 'files', 'details'] as const;

export type CustomerTab = (typeof customerTabs)[number];

export interface CustomerSearch {
  tab?: CustomerTab;
  type?: string;
}

export const customerSearch = (search: Record<string, unknown>): CustomerSearch => ({
  tab: oneOf(customerTabs, search.tab),
  type: textOf(search.type),
});
