import type {
  Condition,
  Exclusion,
  Kind,
  Operand,
  OperandKind,
  Question,
  QuestionInterval,
  Selector,
  Series,
  Step,
  StepOrder,
} from '../api/analytics.types';
import { operandKinds } from '../api/analytics.types';
import type { DayRange } from '../api/types';

export const mostEvents: Record<'trend' | 'funnel', number> = { trend: 10, funnel: 12 };

/** A question that is being built: some of its conditions may still lack a value. The same selectors serve as lines and as steps. */
export interface Draft {
  kind: Kind;
  range: DayRange | null;
  interval: QuestionInterval | null;
  compare: boolean;
  filters: Condition[];
  breakdown: Operand[];
  events: (Series & Step)[];
  windowSeconds: number;
  order: StepOrder;
  exclusions: Exclusion[];
  start: Selector;
  /** Retention: absent, the same as the start. Paths: absent, the first event of all. */
  return: Selector | null;
  pathStart: Selector | null;
  activity: Selector;
  first: boolean;
  unbounded: boolean;
  revenue: boolean;
  periods: number;
  depth: number;
  gapSeconds: number | null;
}

export const emptyDraft: Draft = {
  kind: 'trend',
  range: null,
  interval: null,
  compare: false,
  filters: [],
  breakdown: [],
  events: [],
  windowSeconds: 7 * 86_400,
  order: 'ordered',
  exclusions: [],
  start: {},
  return: null,
  pathStart: null,
  activity: {},
  first: true,
  unbounded: false,
  revenue: false,
  periods: 8,
  depth: 4,
  gapSeconds: null,
};

export const operandKind = (of: Operand): OperandKind => operandKinds.find((kind) => of[kind] !== undefined) ?? 'property';
export const operandName = (of: Operand): string => of[operandKind(of)] ?? '';
export const operandOf = ({ property, field, attribute }: Operand): Operand =>
  property !== undefined ? { property } : field !== undefined ? { field } : { attribute };
export const sameOperand = (a: Operand, b: Operand) => operandKind(a) === operandKind(b) && operandName(a) === operandName(b);

/** Does it compare with something yet? */
export const isComplete = ({ operator, values }: Condition) =>
  operator === 'exists' || operator === 'not_exists' ? true : values.length > 0 && values.every((value) => value !== '');

const complete = (filters: Condition[] | undefined) => {
  const ready = (filters ?? []).filter(isComplete);
  return ready.length > 0 ? { filters: ready } : {};
};

const selector = ({ event, filters }: Selector): Selector => ({ ...(event ? { event } : {}), ...complete(filters) });

const isCount = (measure: Series['measure']) => !measure || measure === 'events' || measure === 'customers';

/** How many conditions wait for a value: they do not count yet, and the page says so. */
export function waiting(draft: Draft): number {
  const lists: (Condition[] | undefined)[] = [draft.filters];
  const { kind } = draft;
  if (kind === 'trend' || kind === 'funnel') lists.push(...draft.events.map((event) => event.filters));
  if (kind === 'funnel') lists.push(...draft.exclusions.map((exclusion) => exclusion.filters));
  if (kind === 'retention') lists.push(draft.start.filters, draft.return?.filters);
  if (kind === 'paths') lists.push(draft.pathStart?.filters);
  if (kind === 'paths' || kind === 'lifecycle' || kind === 'stickiness') lists.push(draft.activity.filters);
  return lists.flatMap((list) => list ?? []).filter((condition) => !isComplete(condition)).length;
}

export const intervalOf = (draft: Draft): QuestionInterval => draft.interval ?? (draft.kind === 'retention' ? 'week' : 'day');

/** Are exclusions and optional steps to be had? The server refuses them with other orders. */
export const isPlainOrder = (draft: Draft) => draft.order === 'ordered';

/** Between which steps an exclusion holds, after steps were removed: only steps that are there and not optional bound it. */
export function bounds({ after, before }: Exclusion, steps: Step[]): { after: number; before: number } | null {
  const firm = steps.flatMap((step, i) => (step.optional ? [] : [i + 1]));
  const begin = firm.slice(0, -1).findLast((step) => step <= after) ?? 1;
  const end = firm.find((step) => step >= (before || steps.length) && step > begin) ?? firm.at(-1);
  return end !== undefined && end > begin ? { after: begin, before: end } : null;
}

/** What is asked: nothing that its kind does not take, and no condition that has no value yet. */
export function toQuestion(draft: Draft, range: DayRange): Question {
  const base = { kind: draft.kind, from: range.from, to: range.to, ...complete(draft.filters) };
  const interval = intervalOf(draft);
  const breakdown = draft.breakdown.length > 0 ? { breakdown: draft.breakdown } : {};
  const compare = draft.compare ? { compare: true } : {};
  const events = draft.events.length > 0 ? draft.events : [{}];
  switch (draft.kind) {
    case 'trend':
      return {
        ...base,
        interval,
        ...breakdown,
        ...compare,
        series: events.map((event) => ({
          ...selector(event),
          ...(event.measure && event.measure !== 'events' ? { measure: event.measure } : {}),
          ...(event.of && !isCount(event.measure) ? { of: event.of } : {}),
        })),
      };
    case 'funnel': {
      const plain = isPlainOrder(draft);
      const steps: Step[] = events.map((event, i) => ({
        ...selector(event),
        ...(plain && event.optional && i > 0 ? { optional: true } : {}),
      }));
      const exclusions = plain
        ? draft.exclusions.flatMap((exclusion) => {
            const between = bounds(exclusion, steps);
            return between ? [{ ...selector(exclusion), ...between }] : [];
          })
        : [];
      return {
        ...base,
        ...breakdown,
        ...compare,
        steps,
        windowSeconds: draft.windowSeconds,
        order: draft.order,
        ...(exclusions.length > 0 ? { exclusions } : {}),
      };
    }
    case 'retention':
      return {
        ...base,
        interval,
        ...breakdown,
        start: selector(draft.start),
        ...(draft.return ? { return: selector(draft.return) } : {}),
        first: draft.first,
        unbounded: draft.unbounded && !draft.revenue,
        revenue: draft.revenue,
        periods: draft.periods,
      };
    case 'lifecycle':
    case 'stickiness':
      return { ...base, interval, activity: selector(draft.activity) };
    case 'paths':
      return {
        ...base,
        ...(draft.pathStart ? { start: selector(draft.pathStart) } : {}),
        activity: selector(draft.activity),
        depth: draft.depth,
        ...(draft.gapSeconds ? { gapSeconds: draft.gapSeconds } : {}),
      };
  }
}

/** Another kind of question about the same: what was chosen goes along where the new kind has a place for it. */
export function switchKind(draft: Draft, kind: Kind): Draft {
  const { event, filters } =
    draft.kind === 'trend' || draft.kind === 'funnel'
      ? (draft.events[0] ?? {})
      : draft.kind === 'retention'
        ? draft.start
        : draft.kind === 'paths'
          ? (draft.pathStart ?? {})
          : draft.activity;
  const one: Selector = { event, filters };
  const interval =
    draft.interval === 'hour' && kind !== 'trend' ? null : draft.kind === 'retention' || kind === 'retention' ? null : draft.interval;
  const next: Draft = { ...draft, kind, interval };
  if (draft.kind === kind) return draft;
  if (kind === 'trend' || kind === 'funnel')
    return draft.kind === 'trend' || draft.kind === 'funnel'
      ? { ...next, events: draft.events.slice(0, mostEvents[kind]) }
      : { ...next, events: [one] };
  if (kind === 'retention') return { ...next, start: one };
  if (kind === 'paths') return { ...next, pathStart: event ? one : null, activity: {} };
  return { ...next, activity: one };
}

/** Moves one of a list to another place. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  if (to < 0 || to >= list.length) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
