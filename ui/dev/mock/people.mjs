import { customers, orders } from './data.mjs';
import { generator } from './random.mjs';

const random = generator(20240229);
const round = (value) => Math.round(value * 100) / 100;
/** Merged profile → the profile it became part of. */
const partOf = new Map();
/** Newest first, each with what is needed to take it back. */
const merges = [];
/** Who does not want what they do to be collected. */
const refusing = new Set();
export const refuse = (id, refused) => void (refused ? refusing.add(id) : refusing.delete(id));

export const personOf = (id) => (partOf.has(id) ? personOf(partOf.get(id)) : id);
export const persons = () => customers.filter((customer) => !partOf.has(customer.id));

/** What a page knows beyond the list, made up from the identifier. */
export function detail(customer) {
  const number = Number(customer.externalId) || 0;
  return {
    phone: number % 2 ? `+44 20 7946 ${String(number).slice(-4)}` : null,
    state: null,
    acquisitionChannel: 'import',
    acquisitionSource: null,
    tags: number % 3 ? ['newsletter'] : ['wholesale', 'newsletter'],
    customAttributes: number % 3 ? { sizes: ['M', 'L'] } : { loyaltyTier: 'gold', sizes: ['M', 'L'] },
    createdAt: '2026-11-20T15:02:11Z',
    ...customer,
    trackingRefused: refusing.has(customer.id),
  };
}

export function merge(survivor, merged, reason, by, mergedAt = new Date().toISOString()) {
  const [before, gone] = [detail(survivor), detail(merged)];
  const moved = orders.filter((order) => order.customer?.id === merged.id);
  for (const order of moved) order.customer = survivor;
  const filled = Object.fromEntries(Object.keys(before).map((key) => [key, before[key] ?? gone[key]]));
  const [count, revenue] = [before.orders + gone.orders, round(before.revenue + gone.revenue)];
  Object.assign(survivor, filled, {
    firstSeenAt: before.firstSeenAt < gone.firstSeenAt ? before.firstSeenAt : gone.firstSeenAt,
    lastOrderAt: (before.lastOrderAt ?? '') > (gone.lastOrderAt ?? '') ? before.lastOrderAt : gone.lastOrderAt,
    tags: [...new Set([...before.tags, ...gone.tags])],
    customAttributes: { ...gone.customAttributes, ...before.customAttributes },
    orders: count,
    revenue,
    refunds: round(before.refunds + gone.refunds),
    averageOrderValue: count ? round(revenue / count) : null,
  });
  partOf.set(merged.id, survivor.id);
  const made = { id: random.uuid(), survivor, merged, status: 'done', reason, by, mergedAt, undoneAt: null, before, moved };
  merges.unshift(made);
  return publicMerge(made);
}

const later = (merge) =>
  merges
    .slice(0, merges.indexOf(merge))
    .find((other) => other.status === 'done' && [other.survivor.id, other.merged.id].includes(merge.survivor.id));

const publicMerge = (merge) => ({
  id: merge.id,
  survivor: merge.survivor.id,
  merged: merge.merged.id,
  mergedExternalId: merge.merged.externalId,
  mergedName: merge.merged.name,
  status: merge.status,
  reason: merge.reason,
  by: merge.by,
  mergedAt: merge.mergedAt,
  undoneAt: merge.undoneAt,
  undoable: merge.status === 'done' && !later(merge),
});

const callOf = (customer) => customer.name ?? customer.email ?? customer.externalId;
export const allMerges = () =>
  merges.map((merge) => ({ ...publicMerge(merge), survivorName: callOf(merge.survivor), mergedName: callOf(merge.merged) }));

export const mergesOf = (id) => merges.filter((merge) => merge.survivor.id === personOf(id)).map(publicMerge);

/** Returns why it cannot be done, or nothing. */
export function undo(id, undoneAt = new Date().toISOString()) {
  const merge = merges.find((one) => one.id === id);
  if (!merge || merge.status === 'undone') return `This merge was undone at ${merge?.undoneAt} already.`;
  const first = later(merge);
  if (first) return `A later merge stands on this one. Undo ${first.id} first.`;
  Object.assign(merge.survivor, merge.before);
  for (const order of merge.moved) order.customer = merge.merged;
  partOf.delete(merge.merged.id);
  Object.assign(merge, { status: 'undone', undoneAt });
}

export function erase(id) {
  for (const one of customers.filter((customer) => personOf(customer.id) === personOf(id)))
    Object.assign(one, {
      externalId: `erased-${one.id.replaceAll('-', '')}`,
      name: null,
      email: null,
      phone: null,
      country: null,
      city: null,
      status: 'inactive',
      tags: [],
      customAttributes: {},
    });
}

// The best customer has had a past: two profiles merged, a third one merged by mistake.
const [best, ...others] = [...customers].sort((a, b) => b.revenue - a.revenue);
const guests = others.filter((customer) => customer.name && customer.orders < 3);
merge(best, guests[0], 'Ordered as a guest with the same email address.', null, '2026-10-02T09:12:00Z');
merge(best, guests[1], '', 'Grace Hopper', '2026-10-20T14:40:00Z');
undo(mergesOf(best.id)[0].id, '2026-10-21T08:05:00Z');
merge(best, guests[2], 'Same phone number; confirmed on the telephone.', 'Ada Okafor', '2026-11-18T16:31:00Z');
