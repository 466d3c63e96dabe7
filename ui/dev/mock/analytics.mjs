/** Made-up answers to questions about behaviour: their form is right, their numbers only look it. */
import { customers } from './data.mjs';

const types = [
  ['page_view', 81_139, ['path', 'title']],
  ['product_viewed', 32_210, ['category', 'price']],
  ['product_added', 8_828, ['category', 'price', 'quantity']],
  ['checkout_started', 3_349, []],
  ['order_completed', 2_527, ['lines', 'status']],
];
const named = (name, kind, values) => ({ name, kind, values, column: true });

export const vocabulary = (empty) => ({
  events: empty
    ? []
    : types.map(([type, count, properties]) => ({
        type,
        name: null,
        category: null,
        count,
        properties,
        fields: ['country', 'device_type'],
      })),
  properties: [
    named('category', 'text', 8),
    named('lines', 'number', 7),
    named('price', 'number', 60),
    named('quantity', 'number', 9),
    named('status', 'text', 3),
  ],
  fields: [named('country', 'text', 4), named('device_type', 'text', 3)],
  attributes: [named('country', 'text', 4), named('customer_type', 'text', 2)],
  from: empty ? null : '2010-12-01',
  to: empty ? null : '2011-12-09',
  timeZone: 'Europe/London',
});

const known = {
  country: ['United Kingdom', 'France', 'Germany', 'Norway'],
  device_type: ['mobile', 'desktop', 'tablet'],
  category: ['Kitchen', 'Garden', 'Tea'],
  customer_type: ['regular', 'premium'],
  status: ['confirmed', 'shipped', 'refunded'],
};
const valuesOf = (of) => known[of.property ?? of.field ?? of.attribute] ?? ['1', '2', '3'];

export function values(query) {
  const of = Object.fromEntries(['property', 'field', 'attribute'].flatMap((kind) => (query.get(kind) ? [[kind, query.get(kind)]] : [])));
  const search = (query.get('search') ?? '').toLowerCase();
  const items = valuesOf(of).filter((value) => value.toLowerCase().includes(search));
  return { items: items.map((value, i) => ({ value, count: 900 - 250 * i })), listed: true };
}

/** The same number for the same question. */
const some = (seed, most) => {
  let hash = 7;
  for (const letter of String(seed)) hash = (hash * 31 + letter.charCodeAt(0)) % 99_991;
  return hash % most;
};

const day = 86_400_000;
const text = (time) => new Date(time).toISOString().slice(0, 10);

function periodsOf({ from, to, interval }) {
  const periods = [];
  const end = Date.parse(to);
  let at = new Date(from);
  if (interval === 'month') at.setUTCDate(1);
  if (interval === 'week') at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  while (at.getTime() <= end) {
    if (interval === 'hour') for (let hour = 0; hour < 24; hour++) periods.push(`${text(at)}T${String(hour).padStart(2, '0')}:00+00:00`);
    else periods.push(text(at));
    at =
      interval === 'month'
        ? new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))
        : new Date(at.getTime() + (interval === 'week' ? 7 : 1) * day);
  }
  return periods;
}

const groupsOf = (breakdown = []) =>
  breakdown.reduce((groups, of) => groups.flatMap((group) => valuesOf(of).map((value) => [...group, value])), [[]]);

function resultOf(question, when) {
  const { kind } = question;
  const nothing = {
    periods: null,
    lines: null,
    funnels: null,
    cohorts: null,
    lifecycle: null,
    activePeriods: null,
    links: null,
    customers: null,
    groups: 1,
  };
  const periods = periodsOf(question);
  const groups = groupsOf(question.breakdown);
  const counts = (seed, most) => periods.map((period) => 20 + some(seed + period + when, most));
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  if (kind === 'trend') {
    const lines = groups.flatMap((group) =>
      question.series.map((series, line) => {
        const points = counts(JSON.stringify(series) + group, 400);
        return { line, event: series.event ?? null, measure: series.measure ?? 'events', group, total: sum(points), points };
      }),
    );
    return { ...nothing, periods, lines, groups: groups.length };
  }
  if (kind === 'funnel') {
    const funnels = groups.map((group) => {
      let left = 900 + some(group + when, 300);
      const first = left;
      const steps = question.steps.map((step, i) => {
        const before = left;
        if (i > 0) left = Math.round(left * (0.45 + some(step.event + group, 40) / 100));
        return {
          step: i,
          event: step.event ?? null,
          optional: step.optional ?? false,
          customers: left,
          share: left / first,
          fromPrevious: left / before,
          dropped: before - left,
          averageSeconds: i > 0 ? 400 * i : null,
          medianSeconds: i > 0 ? 250 * i : null,
        };
      });
      return { group, steps };
    });
    return { ...nothing, funnels, groups: groups.length };
  }
  if (kind === 'retention') {
    const cohorts = groups.flatMap((group) =>
      periods.map((start, cohort) => {
        const size = 20 + some(start + group, 60);
        const values = Array.from({ length: question.periods }, (_, period) =>
          period === 0 ? size : Math.round((size * (50 - some(start + period, 20))) / 100 / Math.sqrt(period)),
        );
        return { cohort, start, group, size, values };
      }),
    );
    return { ...nothing, cohorts, groups: groups.length };
  }
  if (kind === 'lifecycle') {
    const lifecycle = Object.fromEntries(['new', 'returning', 'resurrected', 'dormant'].map((status) => [status, counts(status, 120)]));
    return { ...nothing, periods, lifecycle };
  }
  if (kind === 'stickiness') return { ...nothing, activePeriods: periods.map((_, i) => Math.round(600 / (i + 1) ** 1.4)) };
  const links = [];
  let here = [[question.start?.event ?? 'page_view', 600]];
  for (let step = 0; step < question.depth; step++) {
    const next = new Map();
    for (const [from, customers] of here) {
      let left = customers;
      for (const [to] of types.filter(([type]) => type !== from)) {
        const part = Math.round(left * (0.2 + some(from + to + step, 30) / 100));
        if (part < 1) continue;
        left -= part;
        links.push({ step, from, to, customers: part });
        next.set(to, (next.get(to) ?? 0) + part);
      }
      if (left > 0) links.push({ step, from, to: null, customers: left });
    }
    here = [...next];
  }
  return { ...nothing, links, groups: links.length };
}

export const answer = (question) => ({
  engine: 'timelines',
  reason: null,
  cached: false,
  milliseconds: 4.2,
  result: resultOf(question, ''),
  previous: question.compare ? resultOf(question, 'before') : null,
});

const running = new Map();

export function later(question) {
  const id = String(running.size + 1);
  running.set(id, { question, progress: 0 });
  return { id, state: 'running', progress: 0, answer: null };
}

export function look(id) {
  const asked = running.get(id);
  asked.progress = Math.min(1, asked.progress + 0.12);
  const done = asked.progress === 1;
  return { id, state: done ? 'done' : 'running', progress: asked.progress, answer: done ? answer(asked.question) : null };
}

export function who({ skip = 0, limit = 50 }) {
  const all = customers.slice(0, 137);
  return {
    total: all.length,
    items: all.slice(skip, skip + limit).map(({ id, name, externalId, email }) => ({ id, name, customerId: externalId, email })),
  };
}
