import type { CustomerDetail, Merge } from '../../api/types';

/** For tests only. */
export const person = (more: Partial<CustomerDetail> = {}): CustomerDetail => ({
  id: '0198c0de-0000-7000-8000-00000000000a',
  externalId: 'c1',
  name: 'Ada Lovelace',
  email: null,
  country: 'France',
  city: null,
  stage: 'new',
  status: 'active',
  type: 'regular',
  firstSeenAt: '2024-05-01T10:00:00Z',
  lastSeenAt: '2024-06-01T10:00:00Z',
  orders: 12,
  revenue: 340.5,
  averageOrderValue: 28.38,
  lastOrderAt: '2024-06-01T10:00:00Z',
  currency: 'GBP',
  phone: null,
  state: null,
  acquisitionChannel: null,
  acquisitionSource: null,
  tags: ['vip'],
  customAttributes: {},
  refunds: 0,
  createdAt: '2024-05-01T10:00:00Z',
  trackingRefused: false,
  ...more,
});

/** For tests only. */
export const merge = (more: Partial<Merge> = {}): Merge => ({
  id: 'm1',
  survivor: person().id,
  merged: 'b',
  mergedExternalId: 'c2',
  mergedName: 'A. Lovelace',
  status: 'done',
  reason: 'Same phone',
  by: 'Grace',
  mergedAt: '2024-06-03T10:00:00Z',
  undoneAt: null,
  undoable: true,
  ...more,
});
