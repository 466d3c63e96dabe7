import type { Key } from '../i18n/catalogue';

interface ImportKind {
  name: Key;
  drop: Key;
  accepts: Key;
  /** What a line that can be read becomes. */
  becomes: Key;
  /** What is counted of it, by the server's names. */
  counts: readonly string[];
}

/** The kinds the console has words for, in the order they are offered; one that only the server knows goes by its own name. */
export const importKinds: Record<string, ImportKind> = {
  orders: {
    name: 'imports.kind.orders',
    drop: 'imports.drop.orders',
    accepts: 'imports.accepts.orders',
    becomes: 'order.kind.order',
    counts: ['orders', 'refunds', 'adjustments', 'customersCreated'],
  },
  customers: {
    name: 'imports.kind.customers',
    drop: 'imports.drop.customers',
    accepts: 'imports.accepts.customers',
    becomes: 'mapping.becomes.customer',
    counts: ['customersCreated', 'customersChanged'],
  },
  events: {
    name: 'imports.kind.events',
    drop: 'imports.drop.events',
    accepts: 'imports.accepts.events',
    becomes: 'mapping.becomes.event',
    counts: ['events', 'dropped'],
  },
};

export const kindNames: Record<string, Key> = Object.fromEntries(Object.entries(importKinds).map(([kind, { name }]) => [kind, name]));

export const countNames: Record<string, Key> = {
  orders: 'import.orders',
  refunds: 'import.refunds',
  adjustments: 'import.adjustments',
  customersCreated: 'import.customersCreated',
  customersChanged: 'import.customersChanged',
  events: 'import.events',
  dropped: 'import.dropped',
};

/** Those the server takes: first the ones there are words for. */
export function offeredKinds(server: readonly string[] | undefined): string[] {
  const known = Object.keys(importKinds);
  return server ? [...known.filter((kind) => server.includes(kind)), ...server.filter((kind) => !known.includes(kind))] : known;
}
