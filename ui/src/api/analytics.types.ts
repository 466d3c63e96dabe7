/** The model of questions about behaviour, version 1, as far as the console asks them. See docs/guides/analytics.md. */
import type { PlainDate } from '../i18n/plain-date';

export const kinds = ['trend', 'funnel', 'retention', 'paths', 'lifecycle', 'stickiness'] as const;
export type Kind = (typeof kinds)[number];

export const questionIntervals = ['hour', 'day', 'week', 'month'] as const;
export type QuestionInterval = (typeof questionIntervals)[number];

export const measures = ['events', 'customers', 'sum', 'average', 'minimum', 'maximum', 'median', 'p75', 'p90', 'p95', 'p99'] as const;
export type Measure = (typeof measures)[number];

export const stepOrders = ['ordered', 'strict', 'any'] as const;
export type StepOrder = (typeof stepOrders)[number];

export const operators = [
  'equal',
  'not_equal',
  'in',
  'not_in',
  'contains',
  'not_contains',
  'starts_with',
  'greater',
  'greater_or_equal',
  'less',
  'less_or_equal',
  'exists',
  'not_exists',
] as const;
export type Operator = (typeof operators)[number];

export const operandKinds = ['property', 'field', 'attribute'] as const;
export type OperandKind = (typeof operandKinds)[number];

/** Exactly one of the three is there. */
export type Operand = { [K in OperandKind]?: string };

export interface Condition extends Operand {
  operator: Operator;
  values: string[];
}

/** Without an event: any. */
export interface Selector {
  event?: string;
  filters?: Condition[];
}

export interface Series extends Selector {
  measure?: Measure;
  of?: Operand;
}

export interface Step extends Selector {
  optional?: boolean;
}

export interface Exclusion extends Selector {
  after: number;
  before: number;
}

export interface Question {
  kind: Kind;
  from: PlainDate;
  to: PlainDate;
  interval?: QuestionInterval;
  filters?: Condition[];
  breakdown?: Operand[];
  compare?: boolean;
  series?: Series[];
  steps?: Step[];
  windowSeconds?: number;
  order?: StepOrder;
  exclusions?: Exclusion[];
  start?: Selector;
  return?: Selector;
  first?: boolean;
  unbounded?: boolean;
  revenue?: boolean;
  periods?: number;
  activity?: Selector;
  depth?: number;
  gapSeconds?: number;
}

export type Group = (string | null)[];

export interface Line {
  line: number;
  event: string | null;
  measure: Measure;
  group: Group;
  total: number | null;
  points: (number | null)[];
}

export interface FunnelStep {
  step: number;
  event: string | null;
  optional: boolean;
  customers: number;
  share: number | null;
  fromPrevious: number | null;
  dropped: number;
  averageSeconds: number | null;
  medianSeconds: number | null;
}

export interface Funnel {
  group: Group;
  steps: FunnelStep[];
}

export interface Cohort {
  cohort: number;
  start: PlainDate;
  group: Group;
  size: number;
  values: number[];
}

export const lifecycleStatuses = ['new', 'returning', 'resurrected', 'dormant'] as const;
export type LifecycleStatus = (typeof lifecycleStatuses)[number];

export interface PathLink {
  step: number;
  from: string;
  to: string | null;
  customers: number;
}

/** The part of the question's kind is there. */
export interface Result {
  periods: string[] | null;
  lines: Line[] | null;
  funnels: Funnel[] | null;
  cohorts: Cohort[] | null;
  lifecycle: Record<LifecycleStatus, number[]> | null;
  activePeriods: number[] | null;
  links: PathLink[] | null;
  groups: number;
}

export interface Answer {
  engine: 'timelines' | 'sql';
  reason: string | null;
  cached: boolean;
  milliseconds: number;
  result: Result;
  previous: Result | null;
}

export interface RunningAnswer {
  id: string;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  progress: number;
  answer: Answer | null;
}

/** Which number of an answer. */
export interface Pick {
  line?: number;
  period?: number;
  step?: number;
  cohort?: number;
  status?: LifecycleStatus;
  dropped?: boolean;
  group?: Group;
}

export interface PickedCustomer {
  id: string;
  name: string | null;
  customerId: string | null;
  email: string | null;
}

export interface VocabularyName {
  name: string;
  kind: 'text' | 'number' | 'boolean';
  values: number;
  column: boolean;
}

export interface VocabularyEvent {
  type: string;
  name: string | null;
  category: string | null;
  count: number;
  properties: string[];
  fields: string[];
}

export interface Vocabulary {
  events: VocabularyEvent[];
  properties: VocabularyName[];
  fields: VocabularyName[];
  attributes: VocabularyName[];
  from: PlainDate | null;
  to: PlainDate | null;
  timeZone: string;
}

export interface TimelinesStatus {
  state: string;
  progress: number;
  lagSeconds: number;
  problem: string | null;
}
