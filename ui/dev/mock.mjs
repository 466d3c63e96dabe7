/**
 * A stand-in for the server, for looking at the console without one: `npm run build && npm run mock`.
 * What it plays is chosen at /mock?role=viewer&fail=/api/overview&slow=800&empty=1&must=1&signedOut=1&long=1 (kept in a cookie),
 * or by a header X-Mock with the same text. Development only.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as analytics from './mock/analytics.mjs';
import { customers, events, newestEvents, orderDetail, orders, publicOrder } from './mock/data.mjs';
import { liveEvents, sources } from './mock/collect.mjs';
import * as files from './mock/files.mjs';
import * as imports from './mock/imports.mjs';
import * as health from './mock/health.mjs';
import * as operate from './mock/operate.mjs';
import { countries, overview } from './mock/overview.mjs';
import * as people from './mock/people.mjs';
import * as staff from './mock/staff.mjs';
import * as tables from './mock/tables.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const port = Number(process.env.PORT ?? 8090);
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; script-src 'self'; frame-ancestors 'none'";
const user = {
  id: 'u1',
  email: 'ada@example.org',
  name: 'Ada Okafor',
  language: 'en',
  theme: 'auto',
  timeZone: 'Europe/London',
  mustChangePassword: false,
  emailVerified: true,
};
const organization = {
  id: 'o1',
  slug: 'retail',
  name: 'Online Retail Ltd',
  timeZone: 'Europe/London',
  currency: 'GBP',
  writeKey: 'wk_4f9a1c7e2b8d4a6f9c03e5d71a2b6c8e',
  workspaces: [{ id: 'w1', name: 'Shop', slug: 'shop', closedAt: null, keysDeletedAfter: null }],
  closedAt: null,
  deletedAfter: null,
};
const granted = {
  super_admin: [],
  admin: [
    'customer_data:*:*',
    'files:*:*',
    'sensitive_data:*:*',
    'analytics:*:*',
    'collection:*:*',
    'organization_management:*:*',
    'user_management:platform_users:*',
  ],
  viewer: ['customer_data:*:read', 'analytics:*:read', 'collection:*:read'],
};
const membership = (more) => ({
  roleName: null,
  closedAt: null,
  isOperator: more.role === 'super_admin',
  permissions: granted[more.role] ?? [],
  ...more,
});

class Problem extends Error {
  constructor(status, code, detail, errors) {
    super(detail);
    Object.assign(this, { status, code, errors });
  }
}
const missing = () => new Problem(404, 'not_found', 'There is nothing under this identifier.');

function page(list, query, name, limit) {
  const start = Number(query.get(name) ?? 0);
  const size = Number(query.get('limit') ?? limit);
  return { items: list.slice(start, start + size), next: start + size < list.length ? String(start + size) : null };
}

const session = (play) => ({
  user: {
    ...user,
    language: play.get('language') ?? user.language,
    theme: play.get('theme') ?? user.theme,
    mustChangePassword: play.has('must') && !user.changed,
  },
  organizations: [
    membership({ ...organization, role: play.get('role') ?? 'admin' }),
    membership({ id: 'o2', slug: 'north', name: 'Northern Branch', role: 'viewer', timeZone: 'Europe/Paris', currency: 'EUR' }),
  ],
  version: '0.1.0',
});

function listCustomers(query, play) {
  const search = query.get('search')?.toLowerCase();
  const country = query.get('country');
  const found = (play.has('empty') ? [] : people.persons()).filter(
    (c) =>
      (!country || c.country === country) && (!search || [c.name, c.email, c.externalId].some((v) => v?.toLowerCase().includes(search))),
  );
  const sort = query.get('sort') ?? '-revenue';
  const value = { revenue: (c) => c.revenue, orders: (c) => c.orders, lastSeen: (c) => c.lastSeenAt, name: (c) => c.name ?? '\uffff' }[
    sort.replace('-', '')
  ];
  const sign = sort.startsWith('-') ? -1 : 1;
  const sorted = [...found].sort((a, b) => sign * (value(a) > value(b) ? 1 : value(a) < value(b) ? -1 : 0));
  const about = play.has('about');
  return { ...page(sorted, query, 'cursor', 50), total: about ? 1_234_567 : sorted.length, totalIsExact: !about };
}

const byId = (list, id) => {
  const found = list.find((item) => item.id === id);
  if (!found) throw missing();
  return found;
};
const managesCustomers = (play) => {
  if (!['admin', 'super_admin'].includes(play.get('role') ?? 'admin'))
    throw new Problem(403, 'forbidden', 'Your role does not allow you to merge and erase customers.');
};
const newestFirst = (list, key) => [...list].sort((a, b) => b[key].localeCompare(a[key]));

const routes = [
  ...staff.routes,
  ['GET', '/session', ({ play }) => session(play)],
  [
    'POST',
    '/session',
    ({ play, body, forget }) => {
      if (body.password === 'wrong') throw new Problem(401, 'invalid_credentials', 'The email address or the password is not right.');
      forget('signedOut');
      return session(play);
    },
  ],
  ['DELETE', '/session', ({ remember }) => remember('signedOut', '1')],
  [
    'PUT',
    '/session/password',
    ({ body }) => {
      if (body.currentPassword === 'wrong') throw new Problem(400, 'wrong_password', 'The current password is not right.');
      user.changed = true;
    },
  ],
  [
    'PUT',
    '/session/preferences',
    ({ play, body }) => {
      Object.assign(user, body);
      return session(play);
    },
  ],
  ['GET', '/organization', ({ play }) => ({ ...organization, writeKey: play.get('role') === 'viewer' ? null : organization.writeKey })],
  [
    'PUT',
    '/organization',
    ({ body }) => {
      if (body.currency)
        throw new Problem(409, 'currency_in_use', 'There are orders in GBP. Undo their imports before changing the currency.');
      return Object.assign(organization, body);
    },
  ],
  ['GET', '/analytics/vocabulary', ({ play }) => analytics.vocabulary(play.has('empty'))],
  ['GET', '/analytics/values', ({ query }) => analytics.values(query)],
  ['GET', '/analytics/timelines', () => ({ state: 'following', progress: 1, lagSeconds: 0.3, problem: null, size: null })],
  ['POST', '/analytics/query', ({ body, play }) => (play.has('long') ? analytics.later(body) : analytics.answer(body))],
  ['POST', '/analytics/query/customers', ({ body }) => analytics.who(body)],
  ['POST', '/analytics/query/sql', () => ({ statements: ['select count(*)\nfrom log.facts e'] })],
  ['GET', '/analytics/queries/:id', ({ id }) => analytics.look(id)],
  ['DELETE', '/analytics/queries/:id', () => undefined],
  ['GET', '/overview/countries', () => countries()],
  ['GET', '/overview', ({ query, play }) => overview(query, play.has('empty'))],
  ['GET', '/events/newest', ({ query, play }) => ({ items: play.has('empty') ? [] : newestEvents(Number(query.get('limit') ?? 20)) })],
  [
    'GET',
    '/events/live',
    ({ query, play }) =>
      play.has('empty') ? { events: [], refused: [] } : liveEvents(query.get('type'), Number(query.get('limit') ?? 50)),
  ],
  ['GET', '/jobs', ({ play }) => ({ items: play.has('empty') ? [] : operate.jobs() })],
  ['GET', '/backups', ({ play }) => operate.backups(play.has('empty'))],
  ['GET', '/jobs/schedule', () => ({ next: operate.jobDetail('j1').next })],
  ['GET', '/jobs/:id', ({ id }) => operate.jobDetail(id)],
  ['GET', '/jobs/:id/runs', ({ play }) => ({ items: play.has('empty') ? [] : operate.runs(), before: null })],
  ['GET', '/jobs/runs/:id', ({ id }) => operate.runDetail(id)],
  ['GET', '/settings', () => ({ environment: 'production', environments: ['production'], items: operate.settings() })],
  ['GET', '/settings/:id/history', ({ play }) => ({ items: play.has('empty') ? [] : operate.history() })],
  ['GET', '/audit', ({ play }) => ({ items: play.has('empty') ? [] : operate.audit(), before: null })],
  ['GET', '/audit/words', () => operate.auditWords()],
  [
    'GET',
    '/health',
    ({ play }) => ({ ...health.health(play.get('role') === 'super_admin'), ...(play.has('empty') ? { checks: [], status: null } : {}) }),
  ],
  ['GET', '/health/check', ({ query }) => health.checkDetail(query.get('service'), query.get('name'))],
  ['GET', '/errors', ({ play }) => ({ items: play.has('empty') ? [] : health.errors(), before: null, isOperator: true })],
  ['GET', '/errors/:id', ({ id }) => health.errorDetail(id)],
  ['PUT', '/errors/:id', ({ id, body }) => ({ ...health.errorDetail(id).error, ...body })],
  ['GET', '/operator/database', () => health.database()],
  ['GET', '/keys', ({ play }) => ({ items: play.has('empty') ? [] : operate.keys() })],
  ['GET', '/keys/:id/usage', () => operate.usage()],
  ['GET', '/rate-limits', ({ play }) => ({ items: play.has('empty') ? [] : operate.limits() })],
  ['GET', '/sources', ({ play }) => ({ items: play.has('empty') ? [] : sources() })],
  ['GET', '/merges', ({ play }) => ({ items: play.has('empty') ? [] : people.allMerges() })],
  ['GET', '/customers', ({ query, play }) => listCustomers(query, play)],
  ['GET', '/customers/:id', ({ id }) => people.detail(byId(customers, people.personOf(id)))],
  [
    'DELETE',
    '/customers/:id',
    ({ id, play }) => {
      managesCustomers(play);
      byId(customers, id);
      if (play.has('held'))
        throw new Problem(409, 'wrong_state', 'There are still 2 rows of debts that hold the customer. Finish them first.');
      people.erase(id);
    },
  ],
  [
    'PUT',
    '/customers/:id/tracking',
    ({ id, body, play }) => {
      managesCustomers(play);
      people.refuse(byId(customers, people.personOf(id)).id, body.refused);
    },
  ],
  [
    'POST',
    '/customers/:id/merge',
    ({ id, body, play }) => {
      managesCustomers(play);
      const [survivor, merged] = [byId(customers, id), byId(customers, body.merged)];
      const [person, other] = [people.personOf(survivor.id), people.personOf(merged.id)];
      if (person !== survivor.id || other !== merged.id)
        throw new Problem(409, 'wrong_state', `One of them was merged before. Merge the persons: ${person} and ${other}.`);
      return people.merge(survivor, merged, body.reason ?? '', user.name);
    },
  ],
  ['GET', '/customers/:id/files', ({ play }) => ({ items: play.has('empty') ? [] : files.documents, largestBytes: 25_000_000 })],
  ['POST', '/customers/:id/files', ({ query, size }) => files.add(query.get('name'), size, query.get('sensitive') === 'true')],
  ['POST', '/customers/:id/files/:file/link', () => ({ path: '/files/made-up', url: '', expiresAt: '' })],
  [
    'DELETE',
    '/customers/:id/files/:file',
    ({ second }) => void files.documents.splice(files.documents.indexOf(byId(files.documents, second)), 1),
  ],
  ['GET', '/customers/:id/merges', ({ id, play }) => (play.has('empty') ? [] : people.mergesOf(id))],
  [
    'POST',
    '/customers/:id/merges/:merge/undo',
    ({ second, play }) => {
      managesCustomers(play);
      const refused = people.undo(second);
      if (refused) throw new Problem(409, 'wrong_state', refused);
    },
  ],
  [
    'GET',
    '/customers/:id/timeline',
    ({ id, query }) => {
      const type = query.get('type');
      return page(
        newestFirst(
          events.filter((e) => e.customer && people.personOf(e.customer.id) === people.personOf(id) && (!type || e.type === type)),
          'occurredAt',
        ),
        query,
        'before',
        50,
      );
    },
  ],
  [
    'GET',
    '/customers/:id/orders',
    ({ id, query }) =>
      page(
        newestFirst(
          orders.filter((o) => o.customer?.id === people.personOf(id)),
          'orderedAt',
        ).map(publicOrder),
        query,
        'before',
        20,
      ),
  ],
  ['GET', '/orders/:id', ({ id }) => orderDetail(byId(orders, id))],
  [
    'GET',
    '/palette',
    ({ query }) => {
      const text = (query.get('query') ?? '').toLowerCase();
      const fits = (value) => value?.toLowerCase().includes(text);
      return {
        customers: people
          .persons()
          .filter((c) => fits(c.name) || fits(c.externalId) || fits(c.email))
          .slice(0, 5)
          .map(({ id, name, externalId, email }) => ({ id, name, externalId, email })),
        orders: orders
          .filter((o) => fits(o.number))
          .slice(0, 5)
          .map((o) => ({ id: o.id, number: o.number, customerId: o.customer?.id ?? null, total: o.total, currency: 'GBP' })),
      };
    },
  ],
  ['GET', '/data', ({ play }) => tables.schemas(play)],
  ['GET', '/data/:schema', ({ play }) => tables.sizes(play)],
  [
    'GET',
    '/data/:schema/:relation',
    ({ second, play }) => {
      const found = tables.relation(second, play);
      if (!found) throw missing();
      return found;
    },
  ],
  ['GET', '/data/:schema/:relation/history', ({ query }) => tables.historyOf(query.get('key'), query.get('before'))],
  ['GET', '/imports/fields', () => ({ fields: imports.fields, kinds: ['customers', 'events', 'orders'] })],
  ['GET', '/imports', ({ play }) => ({ items: play.has('empty') ? [] : imports.imports })],
  ['POST', '/imports', ({ query, size }) => imports.add(query.get('kind'), query.get('name'), size)],
  ['GET', '/imports/:id', ({ id }) => imports.advance(byId(imports.imports, id))],
  ['DELETE', '/imports/:id', ({ id }) => void imports.imports.splice(imports.imports.indexOf(byId(imports.imports, id)), 1)],
  ['GET', '/imports/:id/preview', () => imports.preview()],
  ['POST', '/imports/:id/check', ({ body }) => imports.check(body.mapping)],
  [
    'POST',
    '/imports/:id/start',
    ({ id, body }) =>
      Object.assign(byId(imports.imports, id), { state: 'queued', mapping: body.mapping, startedAt: new Date().toISOString() }),
  ],
  ['POST', '/imports/:id/cancel', ({ id }) => Object.assign(byId(imports.imports, id), { state: 'cancelling' })],
  ['POST', '/imports/:id/undo', ({ id }) => Object.assign(byId(imports.imports, id), { state: 'undoing' })],
  ['GET', '/imports/:id/rejects.csv', () => 'line,reason,fields\r\n61,"no kind","X-1,85123A"\r\n'],
  ['GET', '/imports/:id/mapping.json', ({ id }) => byId(imports.imports, id).mapping],
];

const patterns = routes.map(([method, path, answer]) => ({
  method,
  pattern: new RegExp(`^/api${path.replace(/:\w+/g, '([^/]+)')}$`),
  answer,
}));

function send(response, status, body, headers = {}) {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  const type = status >= 400 ? 'application/problem+json' : typeof body === 'string' ? 'text/csv' : 'application/json';
  response.writeHead(status === 200 && body === undefined ? 204 : status, { 'Content-Type': type, ...headers });
  response.end(text);
}

const toProblem = (error) => ({
  type: `/problems/${error.code}`,
  title: error.code,
  status: error.status,
  detail: error.message,
  code: error.code,
  traceId: '00-4bf92f3577b34da6a3ce929d0e0e4736-01',
  errors: error.errors,
});

async function api(request, response, url, play, set) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (chunks.length < 1000) chunks.push(chunk);
  }
  if (play.has('slow')) await new Promise((done) => setTimeout(done, Number(play.get('slow'))));
  if (url.pathname.startsWith('/rest/v1/')) {
    const sent = Buffer.concat(chunks).toString();
    const [status, body, headers] = tables.rest(
      request.method,
      url.pathname.slice(9),
      url.searchParams,
      sent ? JSON.parse(sent) : null,
      play,
    );
    return send(response, status, body, headers);
  }
  try {
    if (request.method !== 'GET' && request.headers['x-clientele'] !== 'console')
      throw new Problem(400, 'missing_guard', 'The header X-Clientele is missing.');
    const opening = url.pathname === '/api/session' && request.method === 'POST';
    if (play.has('signedOut') && !opening) throw new Problem(401, 'not_signed_in', 'Sign in first.');
    const fail = play.get('fail');
    if (fail && url.pathname.startsWith(fail)) {
      const status = Number(play.get('status') ?? 500);
      throw new Problem(
        status,
        { 403: 'forbidden', 404: 'not_found', 500: 'internal_error' }[status] ?? 'failed',
        status === 500 ? 'Something went wrong on our side.' : 'This is not for you.',
      );
    }
    const route = patterns.find((r) => r.method === request.method && r.pattern.test(url.pathname));
    if (!route) throw missing();
    const json = request.headers['content-type'] === 'application/json' ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const forget = (name) => set((p) => p.delete(name));
    const remember = (name, value) => set((p) => p.set(name, value));
    const [, id, second] = route.pattern.exec(url.pathname);
    const body = route.answer({
      id,
      second,
      query: url.searchParams,
      body: json,
      size,
      play,
      forget,
      remember,
    });
    send(response, 200, body, { 'Set-Cookie': `mock=${encodeURIComponent(play)}; Path=/` });
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(500, 'mock_error', error.stack);
    send(response, problem.status, toProblem(problem));
  }
}

function file(response, path) {
  const wanted = normalize(join(dist, path));
  const found = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  response.writeHead(200, { 'Content-Type': types[extname(found)] ?? 'application/octet-stream', 'Content-Security-Policy': policy });
  createReadStream(found).pipe(response);
}

createServer((request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  const cookie = /(?:^|; )mock=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  const play = new URLSearchParams(request.headers['x-mock'] ?? decodeURIComponent(cookie ?? ''));
  if (url.pathname === '/mock') {
    response.writeHead(302, { Location: '/', 'Set-Cookie': `mock=${encodeURIComponent(url.searchParams)}; Path=/` }).end();
  } else if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/rest/v1/')) {
    void api(request, response, url, play, (change) => change(play));
  } else file(response, url.pathname);
}).listen(port, '127.0.0.1', () => console.log(`The console with made-up data: http://127.0.0.1:${port}`));
