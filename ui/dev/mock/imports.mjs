const suggested = {
  format: {
    delimiter: ',',
    encoding: 'utf-8',
    decimal: '.',
    date: 'yyyy-MM-dd HH:mm:ss',
    timeZone: 'Europe/London',
    currency: 'GBP',
    exchangeRate: 1,
  },
  columns: {
    orderNumber: 'InvoiceNo',
    orderedAt: 'InvoiceDate',
    productId: 'StockCode',
    productName: 'Description',
    quantity: 'Quantity',
    unitPrice: 'UnitPrice',
    customerId: { column: 'CustomerID', pattern: '^([0-9]+)(\\.0)?$' },
    country: 'Country',
  },
  kinds: { order: '^[0-9]+$', refund: '^C', adjustment: '^A' },
  status: 'delivered',
};
const columns = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country', 'Channel'];
const rows = Array.from({ length: 20 }, (_, i) => [
  i === 6 ? 'C536379' : i === 13 ? 'X-1' : String(536365 + Math.floor(i / 4)),
  ['85123A', '71053', '84406B', '22752'][i % 4],
  ['WHITE HANGING HEART T-LIGHT HOLDER', 'WHITE METAL LANTERN', 'CREAM CUPID HEARTS COAT HANGER', 'SET 7 BABUSHKA NESTING BOXES'][i % 4],
  i === 6 ? '-1' : String(2 + (i % 5) * 2),
  i === 17 ? '01/12/2010' : `2010-12-01 08:${26 + i}:00`,
  ['2.55', '3.39', '2.75', '7.65'][i % 4],
  i === 9 ? '' : '17850.0',
  'United Kingdom',
  '',
]);
const field = (name, label, kind, required = false) => ({ name, label, description: '', required, kind });
export const fields = [
  field('orderNumber', 'Order number', 'text', true),
  field('orderedAt', 'Ordered at', 'time', true),
  field('productId', 'Product', 'text', true),
  field('quantity', 'Quantity', 'number', true),
  field('unitPrice', 'Unit price', 'money', true),
  field('productName', 'Product name', 'text'),
  field('customerId', 'Customer', 'text'),
  field('customerEmail', 'Email', 'text'),
  field('customerName', 'Name', 'text'),
  field('country', 'Country', 'text'),
  field('status', 'Status', 'text'),
  field('currency', 'Currency', 'text'),
];

let count = 0;
const make = (more) => ({
  id: `0190f000-0000-7000-a000-${String(++count).padStart(12, '0')}`,
  kind: 'orders',
  fileName: 'online-retail.csv.gz',
  fileSize: 7_548_702,
  sha256: '5f1ad9d1c1f8c8e9a2b04a0f8c1fbb6b2c7f2f0e5d1c4b3a29180706f5e4d3c2',
  state: 'uploaded',
  createdAt: new Date(Date.now() - count * 5_400_000).toISOString(),
  startedAt: null,
  finishedAt: null,
  createdBy: 'Ada Okafor',
  mapping: null,
  lines: 0,
  linesRead: 0,
  accepted: 0,
  rejected: 0,
  duplicates: 0,
  counts: {},
  progress: 0,
  secondsLeft: null,
  problem: null,
  ...more,
});
const done = {
  lines: 541909,
  linesRead: 541909,
  accepted: 541872,
  rejected: 37,
  counts: { orders: 22061, refunds: 3836, adjustments: 3, customersCreated: 4372 },
  progress: 1,
};
const at = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

export const imports = [
  make({ fileName: 'orders-november.csv' }),
  make({
    fileName: 'orders-october.csv',
    state: 'writing',
    startedAt: at(1),
    mapping: suggested,
    lines: 541909,
    linesRead: 341200,
    accepted: 341188,
    rejected: 12,
    counts: { orders: 13900, refunds: 2310, adjustments: 2, customersCreated: 3011 },
    progress: 0.63,
    secondsLeft: 48,
  }),
  make({ state: 'completed', startedAt: at(190), finishedAt: at(189), mapping: suggested, ...done }),
  make({ fileName: 'shop-a.csv', state: 'undone', startedAt: at(2800), finishedAt: at(2799), mapping: suggested, ...done, rejected: 0 }),
  make({
    fileName: 'broken.csv',
    state: 'failed',
    startedAt: at(4300),
    finishedAt: at(4300),
    mapping: suggested,
    lines: 120,
    linesRead: 60,
    problem: 'Line 61 is longer than 1 MiB; is the quote closed?',
  }),
];

/** Runs go on while they are looked at. */
export function advance(item) {
  if (item.state === 'queued') item.state = 'reading';
  if (item.state === 'reading' || item.state === 'writing') {
    item.progress = Math.min(1, item.progress + 0.04);
    item.state = item.progress < 0.4 ? 'reading' : 'writing';
    for (const [name, value] of Object.entries(done))
      if (typeof value === 'number' && name !== 'progress' && name !== 'lines') item[name] = Math.round(value * item.progress);
    item.lines = done.lines;
    item.secondsLeft = Math.ceil((1 - item.progress) * 25);
    if (item.progress >= 1) Object.assign(item, done, { state: 'completed', secondsLeft: null, finishedAt: new Date().toISOString() });
  } else if (item.state === 'cancelling') item.state = 'cancelled';
  else if (item.state === 'undoing') item.state = 'undone';
  return item;
}

export const add = (kind, fileName, fileSize) => {
  const item = make({ kind, fileName, fileSize, createdAt: new Date().toISOString() });
  imports.unshift(item);
  return item;
};

export const preview = () => ({ columns, rows, suggested });

const columnOf = (source) => (typeof source === 'object' ? source.column : source);

export function check(mapping) {
  const problems = {};
  for (const f of fields) if (f.required && !mapping.columns[f.name]) problems[f.name] = ['A column has to be chosen.'];
  for (const [kind, pattern] of Object.entries(mapping.kinds ?? {})) {
    try {
      new RegExp(pattern);
    } catch {
      problems[`kinds.${kind}`] = ['This is no regular expression.'];
    }
  }
  const kindOf = (number) =>
    Object.entries(mapping.kinds ?? { order: '.' }).find(
      ([kind, p]) => !problems[`kinds.${kind}`] && new RegExp(p).test(number ?? ''),
    )?.[0];
  return {
    problems,
    rows: rows.map((row, i) => {
      const raw = (name) => row[columns.indexOf(columnOf(mapping.columns[name]))] ?? null;
      const kind = kindOf(raw('orderNumber'));
      const time = raw('orderedAt');
      const good = time && /^\d{4}-/.test(time);
      const problem = !kind ? 'The order number fits none of the kinds.' : !good ? 'The time is not written as yyyy-MM-dd HH:mm:ss.' : null;
      const values = Object.fromEntries(
        fields.map((f) => [
          f.name,
          f.kind === 'number' || f.kind === 'money' ? Number(raw(f.name)) : raw(f.name)?.replace(/\.0$/, '') || null,
        ]),
      );
      return {
        line: i + 2,
        ok: !problem,
        problem,
        values: { ...values, orderedAt: good ? `${time.replace(' ', 'T')}Z` : time, kind: kind ?? null },
      };
    }),
  };
}
