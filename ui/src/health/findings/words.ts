import { catalogue, type Key } from '../../i18n/catalogue';
import type { Format } from '../../i18n/format';
import type { Translate } from '../../i18n/I18n';
import type { Params } from '../../i18n/message';

const serviceWords: Partial<Record<string, Key>> = {
  platform: 'health.service.platform',
  log: 'health.service.log',
  node: 'health.service.node',
  analytics: 'health.service.analytics',
};

const checkWords: Partial<Record<string, Key>> = {
  database: 'health.check.database',
  'database room': 'health.check.databaseRoom',
  files: 'health.check.files',
  jobs: 'health.check.jobs',
  'mail server': 'health.check.mailServer',
  'sign-in service': 'health.check.signInService',
  backups: 'health.check.backups',
  watermark: 'health.check.watermark',
  disk: 'health.check.disk',
  postgresql: 'health.check.postgresql',
  archive: 'health.check.archive',
  timelines: 'health.check.timelines',
};

/** What was found, by the server's code. Where the sentence has a plural, the figure that is counted stands beside it. */
const faultWords: Partial<Record<string, Key | [key: Key, counted: string]>> = {
  database_slow: 'health.fault.database_slow',
  database_away: 'health.fault.database_away',
  transactions_old: 'health.fault.transactions_old',
  connections_busy: 'health.fault.connections_busy',
  files_away: 'health.fault.files_away',
  jobs_late: ['health.fault.jobs_late', 'late'],
  mail_away: 'health.fault.mail_away',
  mail_no_greeting: 'health.fault.mail_no_greeting',
  sign_in_away: 'health.fault.sign_in_away',
  backup_trial_failed: 'health.fault.backup_trial_failed',
  backup_failed: 'health.fault.backup_failed',
  backup_missing: 'health.fault.backup_missing',
  backup_old: 'health.fault.backup_old',
  backup_files_lost: ['health.fault.backup_files_lost', 'lostFiles'],
  archive_at_fault: 'health.fault.archive_at_fault',
  watermark_held: 'health.fault.watermark_held',
  watermark_held_unseen: 'health.fault.watermark_held_unseen',
  consumer_not_begun: 'health.fault.consumer_not_begun',
  consumer_failed: 'health.fault.consumer_failed',
  consumer_behind: ['health.fault.consumer_behind', 'lagEvents'],
  postgres_died: ['health.fault.postgres_died', 'deaths'],
  disk_low: 'health.fault.disk_low',
  disk_full: 'health.fault.disk_full',
  timelines_failed: 'health.fault.timelines_failed',
  timelines_building: 'health.fault.timelines_building',
  timelines_behind: 'health.fault.timelines_behind',
  timelines_waiting: 'health.fault.timelines_waiting',
  check_not_back: 'health.fault.check_not_back',
  check_late: 'health.fault.check_late',
  check_broke: 'health.fault.check_broke',
};

const figureWords: Partial<Record<string, Key>> = {
  tookSeconds: 'health.figure.tookSeconds',
  limitSeconds: 'health.figure.limitSeconds',
  connections: 'health.figure.connections',
  mostConnections: 'health.figure.mostConnections',
  transactionAge: 'health.figure.transactionAge',
  running: 'health.figure.running',
  late: 'health.figure.late',
  oldestSeconds: 'health.figure.oldestSeconds',
  server: 'health.figure.server',
  service: 'health.figure.service',
  error: 'health.figure.error',
  daily: 'health.figure.daily',
  newestHours: 'health.figure.newestHours',
  lostFiles: 'health.figure.lostFiles',
  heldSeconds: 'health.figure.heldSeconds',
  process: 'health.figure.process',
  application: 'health.figure.application',
  state: 'health.figure.state',
  startedAt: 'health.figure.startedAt',
  lagEvents: 'health.figure.lagEvents',
  lagSeconds: 'health.figure.lagSeconds',
  eventsRead: 'health.figure.eventsRead',
  deaths: 'health.figure.deaths',
  lastAt: 'health.figure.lastAt',
  freeBytes: 'health.figure.freeBytes',
  totalBytes: 'health.figure.totalBytes',
  usedBytes: 'health.figure.usedBytes',
  limitBytes: 'health.figure.limitBytes',
  builtShare: 'health.figure.builtShare',
};

interface Named {
  service: string;
  name: string;
  /** What an organization's own probes are called, it says itself. */
  ofOrganization?: boolean;
}

export interface Found {
  code: string | null;
  detail: string | null;
  data: Record<string, unknown> | null;
}

const plain = (t: Translate, key: Key) => (t as (key: Key) => string)(key);

export function serviceName(t: Translate, { service, ofOrganization }: Named) {
  const key = ofOrganization ? undefined : serviceWords[service];
  return key ? plain(t, key) : service;
}

/** Where a check tells of one server or one consumer, its name says of which: "disk (node-1)", "consumer customers.figures". */
export function checkName(t: Translate, { name, ofOrganization }: Named) {
  if (ofOrganization) return name;
  if (name.startsWith('consumer ')) return t('health.check.consumer', { name: name.slice('consumer '.length) });
  const [, check = name, ofNode = ''] = /^(.+?)( \(.+\))?$/.exec(name) ?? [];
  const key = checkWords[check];
  return key ? plain(t, key) + ofNode : name;
}

export const fullName = (t: Translate, check: Named) =>
  t('health.check.of', { service: serviceName(t, check), check: checkName(t, check) });

/** What is wrong, in the reader's words; in the server's where we have none, or not all that ours name. Null when nothing is. */
export function faultOf(t: Translate, format: Format, { code, detail, data }: Found) {
  const words = code === null ? undefined : faultWords[code];
  if (!words) return detail;
  const [key, counted] = typeof words === 'string' ? [words] : words;
  const params: Params = Object.fromEntries(Object.entries(data ?? {}).map(([name, value]) => [name, figure(t, format, name, value)]));
  if (counted && typeof data?.[counted] === 'number') params.count = data[counted];
  const { en } = catalogue[key];
  const named = [...(typeof en === 'string' ? en : en.other).matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return named.every((name) => name in params) ? (t as (key: Key, params: Params) => string)(key, params) : detail;
}

/** The figures beside it: those our words are for by name and in the reader's way, others as they came. The reason is in the sentence. */
export function figuresOf(t: Translate, format: Format, data: Found['data']): [label: string, value: string][] {
  // The database keeps no order of them: what belongs together stands together.
  const order = Object.keys(figureWords);
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.entries(data ?? {})
    .filter(([name]) => name !== 'reason')
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, value]) => [figureWords[name] ? plain(t, figureWords[name]) : name, figure(t, format, name, value)]);
}

/** The ending of a figure's name tells its unit: the server keeps to that. */
function figure(t: Translate, format: Format, name: string, value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return plain(t, value ? 'explore.true' : 'explore.false');
  if (typeof value === 'string') return name.endsWith('At') ? format.dateTime(value) : value;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (name.endsWith('Bytes')) return format.bytes(value);
  if (name.endsWith('Seconds')) return format.elapsed(value);
  if (name.endsWith('Hours')) return format.elapsed(value * 3600);
  if (name.endsWith('Share')) return format.percent(value, 0);
  // Numbers that are a name are not grouped.
  return name === 'process' ? String(value) : format.number(value, 1);
}
