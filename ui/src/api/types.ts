/** The contract with the server, as the console sees it. Times are ISO 8601, dates YYYY-MM-DD, money plain numbers. */

export type Language = 'en' | 'fr';
export type Theme = 'light' | 'dark' | 'auto';
/** One of the five, or a word of the organization's own. */
export type Role = string;

export interface Membership {
  id: string;
  slug: string;
  name: string;
  role: Role;
  /** Of a role of the organization's own. */
  roleName: string | null;
  timeZone: string;
  currency: string;
  closedAt: string | null;
  /** Whether one runs the whole installation from here: a super administrator of the organization it began with. */
  isOperator: boolean;
  /** What the role may do, as permission:resource:action. */
  permissions: string[];
}

export interface Session {
  user: {
    id: string;
    email: string;
    name: string | null;
    language: Language;
    theme: Theme;
    timeZone: string;
    mustChangePassword: boolean;
    emailVerified: boolean;
  };
  organizations: Membership[];
  version: string;
}

/** A shop, a site or an app of an organization. */
export interface Workspace {
  id: string;
  name: string;
  slug: string;
  /** Null: it is open. */
  closedAt: string | null;
  /** Until then a closed one can be reopened. */
  keysDeletedAfter: string | null;
}

export interface Organization {
  id: string;
  slug: string;
  name: string;
  timeZone: string;
  currency: string;
  writeKey: string | null;
  workspaces: Workspace[];
  closedAt: string | null;
  deletedAfter: string | null;
}

export type Interval = 'day' | 'week' | 'month';

export interface Figures {
  revenue: number;
  orders: number;
  customers: number;
  averageOrderValue: number | null;
  repeatRate: number | null;
  refunds: number;
  refundCount: number;
  adjustments: number;
  adjustmentCount: number;
}

export interface SeriesPoint {
  date: string;
  partial: boolean;
  revenue: number;
  orders: number;
  customers: number;
  averageOrderValue: number | null;
  repeatRate: number | null;
}

export interface DayRange {
  from: string;
  to: string;
}

export interface CountryRow {
  /** null stands for all the countries that are not listed. */
  country: string | null;
  revenue: number;
  orders: number;
  customers: number;
  share: number;
}

export interface ProductRow {
  productId: string;
  name: string | null;
  quantity: number;
  revenue: number;
  orders: number;
}

export interface Overview {
  range: DayRange & { days: number };
  previousRange: DayRange & { days: number };
  interval: Interval;
  timeZone: string;
  currency: string;
  dataRange: DayRange | null;
  current: Figures;
  previous: Figures;
  series: SeriesPoint[];
  previousSeries: SeriesPoint[];
  countries: CountryRow[];
  products: ProductRow[];
}

export interface CustomerRef {
  id: string;
  name: string | null;
  externalId: string | null;
}

export interface EventRow {
  id: string;
  type: string;
  name: string;
  category: string | null;
  occurredAt: string;
  receivedAt: string;
  customer: CustomerRef | null;
  value: number | null;
  currency: string | null;
  properties: Record<string, unknown>;
  pageUrl: string | null;
  source: string;
}

export interface Customer {
  id: string;
  externalId: string | null;
  name: string | null;
  email: string | null;
  country: string | null;
  city: string | null;
  stage: string | null;
  status: string | null;
  type: string | null;
  firstSeenAt: string;
  lastSeenAt: string | null;
  orders: number;
  revenue: number;
  averageOrderValue: number | null;
  lastOrderAt: string | null;
  currency: string;
}

export interface CustomerDetail extends Customer {
  phone: string | null;
  state: string | null;
  acquisitionChannel: string | null;
  acquisitionSource: string | null;
  tags: string[];
  customAttributes: Record<string, unknown>;
  refunds: number;
  createdAt: string;
  /** They do not want what they do to be collected. */
  trackingRefused: boolean;
}

/** Two profiles found to be one person: the merged one became part of the survivor. */
export interface Merge {
  id: string;
  survivor: string;
  merged: string;
  mergedExternalId: string;
  mergedName: string | null;
  status: 'done' | 'undone';
  reason: string;
  by: string | null;
  mergedAt: string;
  undoneAt: string | null;
  /** The last merge of a person goes first. */
  undoable: boolean;
}

export type OrderKind = 'order' | 'refund' | 'adjustment';

export interface Order {
  id: string;
  number: string;
  kind: OrderKind;
  status: string;
  total: number;
  currency: string;
  items: number;
  orderedAt: string;
  country: string | null;
}

export interface OrderDetail extends Order {
  customer: CustomerRef | null;
  lines: { productId: string; name: string | null; quantity: number; unitPrice: number; total: number; type: string }[];
  subtotal: number;
  tax: number;
  shipping: number;
  discount: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface CountedPage<T> extends Page<T> {
  total: number;
  totalIsExact: boolean;
}

export interface PaletteResults {
  customers: (CustomerRef & { email: string | null })[];
  orders: { id: string; number: string; customerId: string | null; total: number; currency: string }[];
}
