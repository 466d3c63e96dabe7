import { customers, orders } from './data.mjs';

/** Two tables for the data browser, with as much of the Data API's grammar as looking at it needs. */
const column = (name, base, more = {}) => ({
  name,
  type: base,
  base,
  nullable: true,
  default: null,
  comment: null,
  maxLength: null,
  choices: null,
  insert: true,
  update: true,
  ...more,
});

const tables = {
  customers: {
    comment: 'End customers, with what the log says of them.',
    columns: [
      column('id', 'uuid', { nullable: false, default: 'gen_random_uuid()' }),
      column('customer_id', 'text', { nullable: false }),
      column('name', 'text'),
      column('email', 'text'),
      column('country', 'text', { comment: 'As the customer writes it.' }),
      column('stage', 'text', { nullable: false, default: "'new'::text", choices: ['new', 'active', 'at_risk', 'lost'] }),
      column('orders', 'int4', { insert: false, update: false }),
      column('custom_attributes', 'jsonb', { nullable: false, default: "'{}'::jsonb" }),
      column('last_seen_at', 'timestamptz'),
    ],
    references: [],
    referrers: [
      {
        constraint: 'orders_customer',
        schema: 'cdp',
        relation: 'customer_orders',
        columns: ['customer_id'],
        to: ['id'],
        onDelete: 'restrict',
      },
    ],
    rows: customers.map((c) => ({
      id: c.id,
      customer_id: c.externalId,
      name: c.name,
      email: c.email,
      country: c.country,
      stage: c.orders > 3 ? 'active' : 'new',
      orders: c.orders,
      custom_attributes: { wholesale: c.revenue > 5000 },
      last_seen_at: c.lastSeenAt,
    })),
  },
  customer_orders: {
    comment: 'Orders and refunds.',
    columns: [
      column('id', 'uuid', { nullable: false, default: 'gen_random_uuid()' }),
      column('order_id', 'text', { nullable: false }),
      column('customer_id', 'uuid'),
      column('total', 'numeric', { type: 'numeric(14,2)', nullable: false }),
      column('ordered_at', 'timestamptz', { nullable: false }),
    ],
    references: [
      {
        constraint: 'orders_customer',
        schema: 'cdp',
        relation: 'customers',
        columns: ['customer_id'],
        to: ['id'],
        shows: ['name', 'email'],
      },
    ],
    referrers: [],
    rows: orders.map((o) => ({
      id: o.id,
      order_id: o.number,
      customer_id: o.customer?.id ?? null,
      total: o.total,
      ordered_at: o.orderedAt,
    })),
  },
};

const history = [];
const writes = (play) => !['viewer', 'analyst', 'marketing_manager'].includes(play.get('role'));

export const schemas = (play) => ({
  usual: 'cdp',
  schemas: [
    {
      name: 'cdp',
      blueprint: true,
      comment: 'The customer data platform.',
      relations: Object.entries(tables).map(([name, { comment }]) => ({ name, view: false, comment, writable: writes(play) })),
    },
  ],
});

export const sizes = (play) => ({
  schema: 'cdp',
  relations: Object.entries(tables).map(([name, { rows }]) => ({ name, rows: play.has('empty') ? 0 : rows.length, exact: true })),
});

export function relation(name, play) {
  const table = tables[name];
  if (!table) return null;
  const may = writes(play);
  const columns = table.columns.map((c) => ({ ...c, insert: c.insert && may, update: c.update && may }));
  const { comment, references, referrers } = table;
  const rules = [
    { name: 'customers_name_check', kind: 'check', columns: ['name'], text: 'CHECK (((length(name) >= 1) AND (length(name) <= 200)))' },
  ];
  const rights = { read: true, insert: may, update: may, delete: may, write: may };
  return { schema: 'cdp', name, view: false, comment, key: ['id'], may: rights, columns, rules, references, referrers };
}

/** Three entries a page, so that there is a second one. */
export function historyOf(key, before) {
  const entries = history.filter((entry) => entry.key === key).reverse();
  const from = before ? Number(before) : 0;
  return { items: entries.slice(from, from + 3), next: entries.length > from + 3 ? String(from + 3) : null };
}

const tests = {
  eq: (value, text) => String(value) === text,
  neq: (value, text) => String(value) !== text,
  gt: (value, text) => value > (typeof value === 'number' ? Number(text) : text),
  gte: (value, text) => value >= (typeof value === 'number' ? Number(text) : text),
  lt: (value, text) => value < (typeof value === 'number' ? Number(text) : text),
  lte: (value, text) => value <= (typeof value === 'number' ? Number(text) : text),
  ilike: (value, text) => new RegExp(`^${text.replaceAll('*', '.*')}$`, 'i').test(value ?? ''),
  in: (value, text) =>
    text
      .slice(1, -1)
      .split(',')
      .map((part) => part.replaceAll('"', ''))
      .includes(String(value)),
  is: (value, text) => String(value) === text,
};

const reserved = new Set(['select', 'order', 'limit', 'offset', 'columns', 'or']);

function fits(row, query) {
  const holds = (name, said) => {
    const negated = said.startsWith('not.');
    const [operator, ...rest] = (negated ? said.slice(4) : said).split('.');
    return (tests[operator]?.(row[name], rest.join('.')) ?? true) !== negated;
  };
  const any =
    query
      .get('or')
      ?.slice(1, -1)
      .split(/,(?=\w+\.)/) ?? [];
  const alternatives = any.map((part) => part.split('.')).map(([name, ...rest]) => holds(name, rest.join('.').replaceAll('"', '')));
  return [...query].every(([name, said]) => reserved.has(name) || holds(name, said)) && (any.length === 0 || alternatives.includes(true));
}

/** Status, body and headers of a request to /rest/v1/{name}. */
export function rest(method, name, query, body, play) {
  const table = tables[name];
  if (!table) return [404, { code: 'PGRST205', message: `Could not find the table 'cdp.${name}'`, details: null, hint: null }];
  if (method !== 'GET' && !writes(play))
    return [
      403,
      {
        code: '42501',
        message: 'Your role may read here, and not write',
        details: null,
        hint: 'Ask an administrator of the organization.',
      },
    ];
  const found = play.has('empty') ? [] : table.rows.filter((row) => fits(row, query));
  if (query.get('select') === 'count()') return [200, [{ count: found.length }]];
  const now = new Date().toISOString();
  const keep = (activity, row, changes) =>
    history.push({
      key: row.id,
      id: `${history.length}`,
      at: now,
      who: 'Ada Okafor',
      actor: 'user',
      activity,
      through: `cdp.${name}`,
      changes,
    });
  if (method === 'PATCH') {
    if ((body.name ?? 'x').length > 200 || body.name === '')
      return [
        400,
        {
          code: '23514',
          message: `new row for relation "${name}" violates check constraint "customers_name_check"`,
          details: null,
          hint: null,
        },
      ];
    for (const row of found) {
      keep(
        'update',
        row,
        Object.keys(body).map((key) => ({ column: key, old: row[key], new: body[key] })),
      );
      Object.assign(row, body);
    }
    return [200, found];
  }
  if (method === 'DELETE') {
    table.rows = table.rows.filter((row) => !found.includes(row));
    return [200, found];
  }
  if (method === 'POST') {
    const made = [body].flat().map((row) => ({
      ...Object.fromEntries(table.columns.map((c) => [c.name, null])),
      id: crypto.randomUUID(),
      stage: 'new',
      custom_attributes: {},
      ...row,
    }));
    table.rows.push(...made);
    return [201, made];
  }
  const order = (query.get('order') ?? '')
    .split(',')
    .filter(Boolean)
    .map((part) => part.split('.'));
  const sorted = [...found].sort((a, b) => {
    for (const [key, direction] of order) {
      if (a[key] === b[key]) continue;
      return (a[key] > b[key] ? 1 : -1) * (direction === 'desc' ? -1 : 1);
    }
    return 0;
  });
  const offset = Number(query.get('offset') ?? 0);
  const rows = sorted.slice(offset, offset + Number(query.get('limit') ?? 10_000));
  const names = query.get('select')?.split(',');
  const shown = names ? rows.map((row) => Object.fromEntries(names.map((key) => [key, row[key]]))) : rows;
  return [200, shown, { 'Content-Range': `${offset}-${offset + rows.length - 1}/${found.length}` }];
}
