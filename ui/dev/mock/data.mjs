import { generator } from './random.mjs';

const random = generator(20111209);
const day = 86_400_000;
export const firstDay = Date.UTC(2010, 11, 1);
export const lastDay = Date.UTC(2011, 11, 9);

const countries = [
  ['United Kingdom', 88],
  ['Germany', 4],
  ['France', 4],
  ['EIRE', 2],
  ['Spain', 1.4],
  ['Netherlands', 1.3],
  ['Belgium', 1],
  ['Switzerland', 0.9],
  ['Portugal', 0.8],
  ['Australia', 0.7],
  ['Norway', 0.5],
  ['Italy', 0.5],
  ['Channel Islands', 0.4],
  ['Finland', 0.4],
  ['Sweden', 0.3],
  ['Japan', 0.2],
  ['Denmark', 0.2],
];
const products = [
  ['85123A', 'WHITE HANGING HEART T-LIGHT HOLDER', 2.55],
  ['22423', 'REGENCY CAKESTAND 3 TIER', 12.75],
  ['47566', 'PARTY BUNTING', 4.95],
  ['85099B', 'JUMBO BAG RED RETROSPOT', 1.95],
  ['84879', 'ASSORTED COLOUR BIRD ORNAMENT', 1.69],
  ['22086', "PAPER CHAIN KIT 50'S CHRISTMAS", 2.95],
  ['20725', 'LUNCH BAG RED RETROSPOT', 1.65],
  ['79321', 'CHILLI LIGHTS', 5.75],
  ['23084', 'RABBIT NIGHT LIGHT', 2.08],
  ['22720', 'SET OF 3 CAKE TINS PANTRY DESIGN', 4.95],
  ['21137', 'BLACK RECORD COVER FRAME', 3.75],
  ['22197', 'SMALL POPCORN HOLDER', 0.85],
  ['POST', 'POSTAGE', 18],
  ['DOT', 'DOTCOM POSTAGE', 0.001],
];
const first = [
  'Amelia',
  'Oliver',
  'Chloé',
  'Jürgen',
  'Siobhán',
  'María',
  'Daan',
  'Ingrid',
  'Tom',
  'Priya',
  'Noah',
  'Zoë',
  'Lucas',
  'Aoife',
];
const last = ['Hughes', 'Martin', 'Schäfer', 'O’Brien', 'García', 'de Vries', 'Dubois', 'Larsen', 'Patel', 'Clarke', 'Rossi', 'Meyer'];
const iso = (time) => new Date(time).toISOString();
const round = (value) => Math.round(value * 100) / 100;

const trend = (time) => {
  const weekday = new Date(time).getUTCDay();
  if (weekday === 6) return 0;
  const age = (time - firstDay) / (lastDay - firstDay);
  return (1 + 0.7 * Math.sin(age * 9 - 1) ** 2 + (age > 0.75 ? (age - 0.75) * 6 : 0)) * (weekday === 0 ? 0.5 : 1);
};

export const customers = Array.from({ length: 1204 }, (_, i) => {
  const known = random.next() > 0.55;
  const name = known ? `${random.pick(first)} ${random.pick(last)}` : null;
  const country = random.weighted(countries);
  const firstSeen = firstDay + random.whole(0, 340) * day + random.whole(8, 18) * 3_600_000;
  return {
    id: random.uuid(),
    externalId: String(12346 + i),
    name,
    email: name
      ? `${name
          .normalize('NFD')
          .replace(/[^A-Za-z]+/g, '.')
          .toLowerCase()}${i}@example.org`
      : null,
    country,
    city: known ? random.pick(['London', 'Leeds', 'Lyon', 'Köln', 'Cork', 'Madrid']) : null,
    stage: 'customer',
    status: random.weighted([
      ['active', 8],
      ['dormant', 3],
    ]),
    type: 'person',
    firstSeenAt: iso(firstSeen),
    lastSeenAt: iso(firstSeen),
    orders: 0,
    revenue: 0,
    averageOrderValue: null,
    lastOrderAt: null,
    currency: 'GBP',
    refunds: 0,
  };
});

export const orders = [];
let number = 536365;
for (let time = firstDay; time <= lastDay; time += day) {
  const count = Math.round(trend(time) * (time === lastDay ? 6 : 14) * (0.8 + random.next() * 0.4));
  for (let i = 0; i < count; i++) {
    const kind = random.weighted([
      ['order', 86],
      ['refund', 13],
      ['adjustment', 0.15],
    ]);
    const customer = random.next() > 0.14 ? customers[Math.floor(random.next() ** 1.6 * customers.length)] : null;
    const sign = kind === 'order' ? 1 : -1;
    const lines = Array.from({ length: kind === 'order' ? random.whole(1, 14) : 1 }, () => {
      const [productId, name, unitPrice] = random.pick(products);
      const quantity = sign * random.whole(1, 36);
      return { productId, name, quantity, unitPrice, total: round(quantity * unitPrice), type: 'product' };
    });
    const total = round(lines.reduce((sum, line) => sum + line.total, 0));
    const prefix = { order: '', refund: 'C', adjustment: 'A' }[kind];
    orders.push({
      id: random.uuid(),
      number: `${prefix}${number++}`,
      kind,
      status: kind === 'refund' ? 'refunded' : 'delivered',
      total,
      currency: 'GBP',
      items: lines.reduce((sum, line) => sum + Math.abs(line.quantity), 0),
      orderedAt: iso(time + random.whole(8 * 60, 18 * 60) * 60_000),
      country: customer?.country ?? 'United Kingdom',
      customer,
      lines,
      day: iso(time).slice(0, 10),
    });
    if (!customer) continue;
    if (kind === 'order') {
      customer.orders += 1;
      customer.revenue = round(customer.revenue + total);
      customer.lastOrderAt = orders.at(-1).orderedAt;
      customer.lastSeenAt = orders.at(-1).orderedAt;
      customer.averageOrderValue = round(customer.revenue / customer.orders);
      if (orders.at(-1).orderedAt < customer.firstSeenAt) customer.firstSeenAt = orders.at(-1).orderedAt;
    } else customer.refunds = round(customer.refunds + total);
  }
}

const ref = (customer) => customer && { id: customer.id, name: customer.name, externalId: customer.externalId };

const eventOf = (order) => ({
  id: random.uuid(),
  type: { order: 'order_completed', refund: 'order_refunded', adjustment: 'order_adjusted' }[order.kind],
  name: 'Order',
  category: 'commerce',
  occurredAt: order.orderedAt,
  receivedAt: '2026-11-20T15:02:11.120Z',
  customer: ref(order.customer),
  value: order.total,
  currency: 'GBP',
  properties: { orderNumber: order.number, items: order.items, country: order.country, lines: order.lines.length },
  pageUrl: null,
  source: 'import',
});

export const events = orders.map(eventOf);
export const publicOrder = ({ customer: _, lines: __, day: ___, ...order }) => order;
export const orderDetail = (order) => ({
  ...publicOrder(order),
  customer: ref(order.customer),
  lines: order.lines,
  subtotal: order.total,
  tax: 0,
  shipping: 0,
  discount: 0,
});

/** Something happens every few seconds, so that the live list has something to show. */
let liveCount = 0;
export function newestEvents(limit) {
  if (random.next() < 0.8) {
    const customer = random.pick(customers);
    const type = random.pick(['page_view', 'product_viewed', 'product_added', 'checkout_started', 'session_started', 'wishlist_shared']);
    const now = Date.now();
    liveCount++;
    events.push({
      ...eventOf(random.pick(orders)),
      id: random.uuid(),
      type,
      name: type === 'wishlist_shared' ? 'Wishlist shared' : type,
      category: 'behaviour',
      occurredAt: iso(now - random.whole(1, 90) * 1000),
      receivedAt: iso(now),
      customer: ref(customer),
      value: null,
      currency: null,
      properties: { title: 'Regency cakestand', path: '/p/22423', visit: liveCount },
      pageUrl: 'https://shop.example.org/p/22423',
      source: 'web',
    });
  }
  return [...events].sort((a, b) => b.occurredAt.localeCompare(a.occurredAt)).slice(0, limit);
}
