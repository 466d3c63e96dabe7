import { newestEvents } from './data.mjs';

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const source = (number, name, more) => ({
  id: `0b1f6a52-5f2e-4c1b-9d53-00000000000${number}`,
  name,
  kind: 'write',
  publicKey: `wk_4f9a1c7e2b8d4a6f9c03e5d71a2b6c8${number}`,
  workspace: 'Shop',
  allowedOrigins: [],
  createdAt: '2026-10-01T09:00:00Z',
  lastEventAt: ago(0),
  silent: false,
  received: 0,
  stored: 0,
  duplicates: 0,
  quarantined: 0,
  dropped: 0,
  failedRequests: 0,
  lagMs: null,
  perMinute: Array.from({ length: 60 }, () => 0),
  ...more,
});

/** One that is busy, one that has fallen silent, one that never sent. */
export const sources = () => [
  source(1, 'Website', {
    allowedOrigins: ['https://shop.example.org'],
    received: 48_211,
    stored: 47_902,
    duplicates: 281,
    quarantined: 28,
    lagMs: 840,
    perMinute: Array.from({ length: 60 }, (_, minute) => 25 + ((minute * 7) % 19)),
  }),
  source(2, 'Checkout service', {
    kind: 'secret',
    publicKey: null,
    lastEventAt: ago(190),
    silent: true,
    received: 1_904,
    stored: 1_900,
    dropped: 4,
    failedRequests: 12,
    lagMs: 95,
  }),
  source(3, 'Mobile app', { lastEventAt: null }),
];

const live = (event) => ({
  id: event.id,
  type: event.type,
  name: event.name,
  occurredAt: event.occurredAt,
  receivedAt: event.receivedAt,
  customerId: event.customer?.id ?? null,
  person: event.customer ? (event.customer.name ?? event.customer.externalId) : null,
  properties: event.properties,
  context: { library: { name: 'analytics.js', version: '1.84.3' }, locale: 'en-GB' },
  source: event.source === 'import' ? 'import' : 'api',
  library: event.source === 'import' ? null : 'analytics.js',
  pageUrl: event.pageUrl,
  device: event.source === 'import' ? null : 'desktop',
  country: event.properties.country ?? null,
});

/** What has just come in, and one thing that could not be an event. */
export function liveEvents(type, limit) {
  const events = newestEvents(limit).filter((event) => !type || event.type === type);
  const refused = [
    {
      id: '7c0e2a94-1a53-4d7e-8f60-000000000001',
      receivedAt: ago(3),
      type: null,
      problems: ['A track call has an event name: event.'],
      payload: { type: 'track', userId: '12346', properties: { price: 4.5 } },
    },
  ];
  return { events: events.map(live), refused: type ? [] : refused };
}
