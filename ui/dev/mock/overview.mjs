import { customers, firstDay, lastDay, orders } from './data.mjs';

const day = 86_400_000;
const text = (time) => new Date(time).toISOString().slice(0, 10);
const utc = (date) => Date.parse(`${date}T00:00:00Z`);
const round = (value) => Math.round(value * 100) / 100;

function figures(list) {
  const sales = list.filter((o) => o.kind === 'order');
  const of = (kind) => list.filter((o) => o.kind === kind);
  const revenue = round(sales.reduce((sum, o) => sum + o.total, 0));
  const times = new Map();
  for (const o of sales) if (o.customer) times.set(o.customer.id, (times.get(o.customer.id) ?? 0) + 1);
  const repeaters = [...times.values()].filter((n) => n > 1).length;
  const sum = (rows) => round(rows.reduce((s, o) => s + o.total, 0));
  return {
    revenue,
    orders: sales.length,
    customers: times.size,
    averageOrderValue: sales.length ? round(revenue / sales.length) : null,
    repeatRate: times.size ? repeaters / times.size : null,
    refunds: sum(of('refund')),
    refundCount: of('refund').length,
    adjustments: sum(of('adjustment')),
    adjustmentCount: of('adjustment').length,
  };
}

function bucketStart(time, interval) {
  const date = new Date(time);
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  if (interval === 'week') return time - ((date.getUTCDay() + 6) % 7) * day;
  return time;
}

function bucketEnd(start, interval) {
  const date = new Date(start);
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - day;
  return interval === 'week' ? start + 6 * day : start;
}

function series(list, from, to, interval) {
  const points = [];
  for (let start = bucketStart(from, interval); start <= to; start = bucketEnd(start, interval) + day) {
    const end = bucketEnd(start, interval);
    const inside = list.filter((o) => o.day >= text(Math.max(start, from)) && o.day <= text(Math.min(end, to)));
    const { revenue, orders: count, customers: people, averageOrderValue, repeatRate } = figures(inside);
    points.push({
      date: text(start),
      partial: start < from || end > to || end >= lastDay,
      revenue,
      orders: count,
      customers: people,
      averageOrderValue,
      repeatRate,
    });
  }
  return points;
}

export const countries = () => [...new Set(customers.map((c) => c.country).filter(Boolean))].sort();

export function overview(query, empty) {
  const to = utc(query.get('to') ?? text(lastDay));
  const from = utc(query.get('from') ?? text(to - 29 * day));
  const days = Math.round((to - from) / day) + 1;
  const interval = query.get('interval') ?? (days > 190 ? 'month' : days > 45 ? 'week' : 'day');
  const country = query.get('country');
  const range = { from: text(from), to: text(to), days };
  const previousRange = { from: text(from - days * day), to: text(from - day), days };
  const within = (r) => orders.filter((o) => o.day >= r.from && o.day <= r.to);
  const fits = (o) => !country || o.country === country;
  const now = empty ? [] : within(range);
  const before = empty ? [] : within(previousRange);
  const current = figures(now.filter(fits));
  const byCountry = countries()
    .map((name) => ({ country: name, ...figures(now.filter((o) => o.country === name)) }))
    .sort((a, b) => b.revenue - a.revenue);
  const total = byCountry.reduce((sum, row) => sum + row.revenue, 0) || 1;
  const row = ({ country: name, revenue, orders: count, customers: people }) => ({
    country: name,
    revenue,
    orders: count,
    customers: people,
    share: revenue / total,
  });
  const rest = byCountry.slice(12).reduce(
    (sum, r) => ({
      country: null,
      revenue: round(sum.revenue + r.revenue),
      orders: sum.orders + r.orders,
      customers: sum.customers + r.customers,
    }),
    { country: null, revenue: 0, orders: 0, customers: 0 },
  );
  const products = new Map();
  for (const order of now.filter(fits).filter((o) => o.kind === 'order')) {
    for (const line of order.lines) {
      const known = products.get(line.productId) ?? { productId: line.productId, name: line.name, quantity: 0, revenue: 0, orders: 0 };
      products.set(line.productId, {
        ...known,
        quantity: known.quantity + line.quantity,
        revenue: round(known.revenue + line.total),
        orders: known.orders + 1,
      });
    }
  }
  return {
    range,
    previousRange,
    interval,
    timeZone: 'Europe/London',
    currency: 'GBP',
    dataRange: empty ? null : { from: text(firstDay), to: text(lastDay) },
    current,
    previous: figures(before.filter(fits)),
    series: series(now.filter(fits), from, to, interval),
    previousSeries: series(before.filter(fits), from - days * day, from - day, interval),
    countries: empty ? [] : [...byCountry.slice(0, 12).map(row), row(rest)].filter((r) => r.orders > 0),
    products: [...products.values()].sort((a, b) => b.revenue - a.revenue).slice(0, 10),
  };
}
