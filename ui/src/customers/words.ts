import type { OrderKind } from '../api/types';
import type { Key } from '../i18n/catalogue';

export const orderKinds: Record<OrderKind, Key> = {
  order: 'order.kind.order',
  refund: 'order.kind.refund',
  adjustment: 'order.kind.adjustment',
};

export const orderStatuses: Record<string, Key> = {
  pending: 'order.status.pending',
  confirmed: 'order.status.confirmed',
  shipped: 'order.status.shipped',
  delivered: 'order.status.delivered',
  cancelled: 'order.status.cancelled',
  refunded: 'order.status.refunded',
};

/** Of an erased person only the pseudonym is left, which the server makes from the id. */
export const isErased = (customer: { id: string; externalId: string | null }) =>
  customer.externalId === `erased-${customer.id.replaceAll('-', '')}`;

/** The first of the names a person goes by that is known. */
export const customerName = (customer: { id: string; name: string | null; externalId: string | null; email?: string | null }) =>
  customer.name ?? customer.email ?? customer.externalId ?? customer.id;
