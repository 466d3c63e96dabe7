import type { Vocabulary } from '../api/analytics.types';
import { emptyDraft, type Draft } from './draft';
import type { Words } from './words';

export interface Example {
  label: string;
  draft: Draft;
}

/** What shops and sites usually call the way to an order, in its order. */
const journeys = [
  ['page_view', 'page_viewed', 'session_started', 'screen_viewed'],
  ['product_viewed', 'product_view', 'view_item'],
  ['product_added', 'cart_item_added', 'add_to_cart'],
  ['checkout_started', 'begin_checkout'],
  ['order_completed', 'order_placed', 'purchase', 'order_paid'],
];

/** A way of at most four steps that really occurs here; else the three most frequent events. */
export function usualWay(vocabulary: Vocabulary): string[] {
  const types = vocabulary.events.map((event) => event.type);
  const known = journeys.flatMap((names) => names.find((name) => types.includes(name)) ?? []);
  return known.length > 1 ? known.slice(-4) : types.slice(0, 3);
}

/** Questions that have an answer here, made of the events that occur. */
export function examplesFor(vocabulary: Vocabulary, words: Words): Example[] {
  const { t, event } = words;
  const way = usualWay(vocabulary);
  const [begin, goal] = [way[0], way.at(-1)];
  if (begin === undefined || goal === undefined) return [];
  const selector = { event: goal };
  return [
    {
      label: t('explore.example.trend', { event: event(goal) }),
      draft: { ...emptyDraft, kind: 'trend', events: [{ ...selector, measure: 'customers' }], compare: true },
    },
    ...(way.length > 1
      ? [
          {
            label: t('explore.example.funnel', { from: event(begin), to: event(goal) }),
            draft: { ...emptyDraft, kind: 'funnel' as const, events: way.map((type) => ({ event: type })) },
          },
        ]
      : []),
    { label: t('explore.example.retention', { event: event(goal) }), draft: { ...emptyDraft, kind: 'retention', start: selector } },
    { label: t('explore.example.paths', { event: event(begin) }), draft: { ...emptyDraft, kind: 'paths', pathStart: { event: begin } } },
    { label: t('explore.example.lifecycle'), draft: { ...emptyDraft, kind: 'lifecycle', interval: 'week' } },
    {
      label: t('explore.example.stickiness', { event: event(begin) }),
      draft: { ...emptyDraft, kind: 'stickiness', activity: { event: begin } },
    },
  ];
}
