import {
  kinds,
  lifecycleStatuses,
  measures,
  operandKinds,
  operators,
  questionIntervals,
  stepOrders,
  type Condition,
  type Exclusion,
  type Operand,
  type Pick,
  type Selector,
  type Series,
  type Step,
} from '../api/analytics.types';
import { isPlainDate } from '../i18n/plain-date';
import { emptyDraft, type Draft } from './draft';

/**
 * The whole state of the page as text. Selectors are written as names with points between them, "product_viewed.order_completed",
 * with * for any event; those with conditions as the JSON of the API.
 */
export const searchNames = [
  'kind',
  'from',
  'to',
  'interval',
  'compare',
  'filters',
  'breakdown',
  'events',
  'window',
  'sequence',
  'exclusions',
  'start',
  'return',
  'activity',
  'cohorts',
  'unbounded',
  'revenue',
  'periods',
  'depth',
  'gap',
  'engine',
  'view',
  'pick',
  'ignored',
] as const;
export type SearchName = (typeof searchNames)[number];
export type ExploreSearch = { [N in SearchName]?: string };

/** The order over any page belongs to all of them. */
const others = ['order'];

/** Keeps the texts as they are: what makes no sense is named by the page, not dropped without a word. */
export function exploreSearch(search: Record<string, unknown>): ExploreSearch {
  const kept: ExploreSearch = {};
  for (const name of searchNames) {
    const value = search[name];
    kept[name] = typeof value === 'string' && value !== '' ? value : undefined;
  }
  const unknown = Object.keys(search).filter((name) => !others.includes(name) && !(searchNames as readonly string[]).includes(name));
  if (unknown.length > 0) kept.ignored = unknown.join(', ');
  return kept;
}

/** What is wrong with a part of the address. */
export type Fault = 'word' | 'day' | 'order' | 'pair' | 'number' | 'json' | 'events' | 'unknown';
export interface AddressFault {
  field: string;
  fault: Fault;
  value: string;
}

class Unreadable extends Error {
  constructor(
    readonly fault: Fault,
    readonly path = '',
  ) {
    super(fault);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable('json');
  }
}

const word =
  <T extends string>(allowed: readonly T[]) =>
  (value: unknown, path = ''): T => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new Unreadable('word', path);
    return found;
  };

function whole(least: number, most: number) {
  return (value: unknown, path = ''): number => {
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) throw new Unreadable('number', path);
    return number;
  };
}

const longest = 366 * 86_400;
const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** "7d", "12h", "30m", "45s". */
function readSpan(text: string): number {
  const match = /^(\d{1,8})([smhd])$/.exec(text);
  const seconds = match ? Number(match[1]) * units[match[2] as keyof typeof units] : 0;
  if (seconds < 1 || seconds > longest) throw new Unreadable('number');
  return seconds;
}

export function writeSpan(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((name) => seconds % units[name] === 0) ?? 's';
  return `${seconds / units[unit]}${unit}`;
}

function list<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) throw new Unreadable('json', path);
  return value.map((item, i) => read(item, `${path}[${i}]`));
}

function operand(value: unknown, path: string): Operand {
  if (!isObject(value)) throw new Unreadable('json', path);
  const named = operandKinds.filter((kind) => value[kind] !== undefined);
  const name = named[0] && value[named[0]];
  if (named.length !== 1 || typeof name !== 'string' || name === '') throw new Unreadable('json', path);
  return { [named[0]!]: name };
}

function condition(value: unknown, path: string): Condition {
  const of = operand(value, path);
  const { operator = 'equal', values = [] } = value as Record<string, unknown>;
  return {
    ...of,
    operator: word(operators)(operator, `${path}.operator`),
    values: list(values, `${path}.values`, (item, at) => {
      if (typeof item !== 'string') throw new Unreadable('json', at);
      return item;
    }),
  };
}

const eventName = /^[a-z0-9_$]{1,100}$/;

function selector(value: unknown, path: string): Selector {
  if (!isObject(value)) throw new Unreadable('json', path);
  const { event, filters } = value;
  if (event !== undefined && (typeof event !== 'string' || !eventName.test(event))) throw new Unreadable('events', `${path}.event`);
  return {
    ...(event !== undefined ? { event } : {}),
    ...(filters !== undefined ? { filters: list(filters, `${path}.filters`, condition) } : {}),
  };
}

function listed(value: unknown, path: string): Series & Step {
  if (!isObject(value)) throw new Unreadable('json', path);
  const { measure, of, optional } = value;
  return {
    ...selector(value, path),
    ...(measure !== undefined ? { measure: word(measures)(measure, `${path}.measure`) } : {}),
    ...(of !== undefined ? { of: operand(of, `${path}.of`) } : {}),
    ...(optional === true ? { optional: true } : {}),
  };
}

function exclusion(value: unknown, path: string): Exclusion {
  if (!isObject(value)) throw new Unreadable('json', path);
  const { after = 1, before = 0 } = value;
  return { ...selector(value, path), after: whole(1, 12)(after, `${path}.after`), before: whole(0, 12)(before, `${path}.before`) };
}

const short = (text: string): Selector => {
  if (text === '*') return {};
  if (!eventName.test(text)) throw new Unreadable('events');
  return { event: text };
};

const readSelector = (text: string) => (text.startsWith('{') ? selector(json(text), '') : short(text));
const readEvents = (text: string) => (text.startsWith('[') ? list(json(text), '', listed) : text.split('.').map(short));

const readBreakdown = (text: string) =>
  text.startsWith('[')
    ? list(json(text), '', operand).slice(0, 2)
    : text.split('.').map((part) => {
        const [kind, name, ...rest] = part.split('-');
        if (!name || rest.length > 0) throw new Unreadable('json');
        return { [word(operandKinds)(kind)]: name };
      });

function pick(value: unknown): Pick {
  if (!isObject(value)) throw new Unreadable('json');
  const number = (name: string) => (value[name] === undefined ? {} : { [name]: whole(-1, 100_000)(value[name], `.${name}`) });
  return {
    ...number('line'),
    ...number('period'),
    ...number('step'),
    ...number('cohort'),
    ...(value.status !== undefined ? { status: word(lifecycleStatuses)(value.status, '.status') } : {}),
    ...(value.dropped === true ? { dropped: true } : {}),
    ...(value.group !== undefined
      ? {
          group: list(value.group, '.group', (item, path) => {
            if (item !== null && typeof item !== 'string') throw new Unreadable('json', path);
            return item;
          }),
        }
      : {}),
  };
}

export interface ReadSearch {
  draft: Draft;
  pick: Pick | null;
  engine: 'sql' | undefined;
  view: 'chart' | 'table';
  faults: AddressFault[];
}

/** The question in an address. A part that cannot be read is left out, and named. */
export function readSearch(search: ExploreSearch): ReadSearch {
  const faults: AddressFault[] = [];
  function part<T>(name: SearchName, otherwise: T, read: (text: string) => T): T {
    const text = search[name];
    if (text === undefined) return otherwise;
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      faults.push({ field: name + error.path, fault: error.fault, value: text });
      return otherwise;
    }
  }
  const day = (text: string) => {
    if (!isPlainDate(text)) throw new Unreadable('day');
    return text;
  };
  const flag = (text: string) => word(['yes'])(text) === 'yes';

  const from = part('from', null, day);
  const to = part('to', null, day);
  if (Boolean(search.from) !== Boolean(search.to)) faults.push({ field: search.from ? 'from' : 'to', fault: 'pair', value: '' });
  if (from && to && from > to) faults.push({ field: 'from', fault: 'order', value: from });
  const draft: Draft = {
    kind: part('kind', emptyDraft.kind, (text) => word(kinds)(text)),
    range: from && to && from <= to ? { from, to } : null,
    interval: part('interval', null, (text) => word(questionIntervals)(text)),
    compare: part('compare', false, flag),
    filters: part('filters', [], (text) => list(json(text), '', condition)),
    breakdown: part('breakdown', [], readBreakdown),
    events: part('events', [], readEvents),
    windowSeconds: part('window', emptyDraft.windowSeconds, readSpan),
    order: part('sequence', emptyDraft.order, (text) => word(stepOrders)(text)),
    exclusions: part('exclusions', [], (text) => list(json(text), '', exclusion)),
    start: {},
    return: part('return', null, readSelector),
    pathStart: null,
    activity: part('activity', {}, readSelector),
    first: part('cohorts', true, (text) => word(['first', 'recurring'])(text) === 'first'),
    unbounded: part('unbounded', false, flag),
    revenue: part('revenue', false, flag),
    periods: part('periods', emptyDraft.periods, whole(1, 60)),
    depth: part('depth', emptyDraft.depth, whole(1, 20)),
    gapSeconds: part('gap', null, readSpan),
  };
  const start = part('start', null, readSelector);
  if (draft.kind === 'paths') draft.pathStart = start;
  else draft.start = start ?? {};
  if (search.ignored) faults.push(...search.ignored.split(', ').map((field) => ({ field, fault: 'unknown' as const, value: '' })));
  return {
    draft,
    pick: part('pick', null, (text) => pick(json(text))),
    engine: part('engine', undefined, (text) => word(['sql'])(text)),
    view: part('view', 'chart', (text) => word(['table'])(text)),
    faults,
  };
}

const bare = (of: Selector) => (of.filters ?? []).length === 0;
const tidy = <T extends Selector>(of: T): T => (bare(of) ? { ...of, filters: undefined } : of);
const writeSelector = (of: Selector) => (bare(of) ? (of.event ?? '*') : JSON.stringify(of));
const writeList = (items: unknown[]) => (items.length > 0 ? JSON.stringify(items) : undefined);

function writeEvents(events: (Series & Step)[]): string | undefined {
  if (events.length === 0) return undefined;
  const simple = events.every((e) => bare(e) && (!e.measure || e.measure === 'events') && !e.optional);
  if (simple) return events.map(writeSelector).join('.');
  return JSON.stringify(events.map(({ measure, ...e }) => tidy({ ...e, measure: measure === 'events' ? undefined : measure })));
}

function writeBreakdown(breakdown: Operand[]): string | undefined {
  if (breakdown.length === 0) return undefined;
  const parts = breakdown.map((of) => Object.entries(of).filter(([, name]) => name !== undefined)[0]!);
  return parts.every(([, name]) => /^[A-Za-z0-9_]+$/.test(name))
    ? parts.map((part) => part.join('-')).join('.')
    : JSON.stringify(breakdown);
}

/** The address of a question: only what its kind takes and what differs from the default. */
export function writeSearch(draft: Draft): ExploreSearch {
  const { kind } = draft;
  const is = (...some: Draft['kind'][]) => some.includes(kind);
  const when = <T>(holds: boolean, value: T) => (holds ? value : undefined);
  const start = kind === 'paths' ? draft.pathStart : draft.start;
  return {
    kind,
    from: draft.range?.from,
    to: draft.range?.to,
    interval: when(!is('funnel', 'paths'), draft.interval ?? undefined),
    compare: when(is('trend', 'funnel') && draft.compare, 'yes'),
    filters: writeList(draft.filters),
    breakdown: when(is('trend', 'funnel', 'retention'), writeBreakdown(draft.breakdown)),
    events: when(is('trend', 'funnel'), writeEvents(draft.events)),
    window: when(is('funnel') && draft.windowSeconds !== emptyDraft.windowSeconds, writeSpan(draft.windowSeconds)),
    sequence: when(is('funnel') && draft.order !== 'ordered', draft.order),
    exclusions: when(is('funnel'), writeList(draft.exclusions.map(tidy))),
    start: when(is('retention', 'paths') && start !== null, start ? writeSelector(start) : undefined),
    return: when(is('retention') && draft.return !== null, draft.return ? writeSelector(draft.return) : undefined),
    activity: when(is('lifecycle', 'stickiness', 'paths') && writeSelector(draft.activity) !== '*', writeSelector(draft.activity)),
    cohorts: when(is('retention') && !draft.first, 'recurring'),
    unbounded: when(is('retention') && draft.unbounded, 'yes'),
    revenue: when(is('retention') && draft.revenue, 'yes'),
    periods: when(is('retention') && draft.periods !== emptyDraft.periods, String(draft.periods)),
    depth: when(is('paths') && draft.depth !== emptyDraft.depth, String(draft.depth)),
    gap: when(is('paths') && draft.gapSeconds !== null, draft.gapSeconds ? writeSpan(draft.gapSeconds) : undefined),
    ignored: undefined,
  };
}
