import { useCallback, useMemo } from 'react';
import type {
  Condition,
  Group,
  Kind,
  LifecycleStatus,
  Measure,
  Operand,
  Operator,
  QuestionInterval,
  Selector,
  Series,
  StepOrder,
  Vocabulary,
} from '../api/analytics.types';
import { useEventName } from '../events/useEventName';
import type { Format } from '../i18n/format';
import { useFormat, useI18n, type Translate } from '../i18n/I18n';
import type { Key } from '../i18n/catalogue';
import { operandKind, operandName } from './draft';

export const kindHints: Record<Kind, Key> = {
  trend: 'explore.kind.trend.hint',
  funnel: 'explore.kind.funnel.hint',
  retention: 'explore.kind.retention.hint',
  paths: 'explore.kind.paths.hint',
  lifecycle: 'explore.kind.lifecycle.hint',
  stickiness: 'explore.kind.stickiness.hint',
};

export const intervalNames: Record<QuestionInterval, Key> = {
  hour: 'interval.hour',
  day: 'interval.day',
  week: 'interval.week',
  month: 'interval.month',
};

export const measureNames: Record<Measure, Key> = {
  events: 'explore.measure.events',
  customers: 'explore.measure.customers',
  sum: 'explore.measure.sum',
  average: 'explore.measure.average',
  minimum: 'explore.measure.minimum',
  maximum: 'explore.measure.maximum',
  median: 'explore.measure.median',
  p75: 'explore.measure.p75',
  p90: 'explore.measure.p90',
  p95: 'explore.measure.p95',
  p99: 'explore.measure.p99',
};

export const orderNames: Record<StepOrder, Key> = {
  ordered: 'explore.order.ordered',
  strict: 'explore.order.strict',
  any: 'explore.order.any',
};

export const operatorNames: Record<Operator, Key> = {
  equal: 'explore.operator.equal',
  not_equal: 'explore.operator.notEqual',
  in: 'explore.operator.in',
  not_in: 'explore.operator.notIn',
  contains: 'explore.operator.contains',
  not_contains: 'explore.operator.notContains',
  starts_with: 'explore.operator.startsWith',
  greater: 'explore.operator.greater',
  greater_or_equal: 'explore.operator.greaterOrEqual',
  less: 'explore.operator.less',
  less_or_equal: 'explore.operator.lessOrEqual',
  exists: 'explore.operator.exists',
  not_exists: 'explore.operator.notExists',
};

export const statusNames: Record<LifecycleStatus, Key> = {
  new: 'explore.status.new',
  returning: 'explore.status.returning',
  resurrected: 'explore.status.resurrected',
  dormant: 'explore.status.dormant',
};

export const statusHints: Record<LifecycleStatus, Key> = {
  new: 'explore.status.new.hint',
  returning: 'explore.status.returning.hint',
  resurrected: 'explore.status.resurrected.hint',
  dormant: 'explore.status.dormant.hint',
};

/** What every event and every customer may have; properties are named by those who send them. */
const knownNames: Record<string, Key> = {
  country: 'explore.name.country',
  city: 'explore.name.city',
  state: 'explore.name.state',
  gender: 'explore.name.gender',
  timezone: 'explore.name.timezone',
  device_type: 'explore.name.device',
  browser: 'explore.name.browser',
  os: 'explore.name.os',
  utm_source: 'explore.name.utmSource',
  utm_medium: 'explore.name.utmMedium',
  utm_campaign: 'explore.name.utmCampaign',
  currency: 'explore.name.currency',
  data_source: 'explore.name.dataSource',
  value: 'explore.name.value',
  customer_type: 'explore.name.customerType',
  customer_status: 'explore.name.customerStatus',
  lifecycle_stage: 'explore.name.lifecycleStage',
  acquisition_channel: 'explore.name.acquisitionChannel',
  acquisition_campaign: 'explore.name.acquisitionCampaign',
  acquisition_source: 'explore.name.acquisitionSource',
};

/** Everything an answer needs to be put into words. */
export interface Words {
  t: Translate;
  plain: (key: Key) => string;
  format: Format;
  /** "Any event" for null. */
  event: (type: string | null | undefined) => string;
  operand: (of: Operand) => string;
  value: (value: string | null) => string;
  group: (group: Group) => string;
  condition: (condition: Condition) => string;
  selector: (of: Selector) => string;
  series: (of: Series) => string;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function makeWords(t: Translate, format: Format, event: Words['event']): Words {
  const plain = t as (key: Key) => string;
  const operand = (of: Operand) => {
    const [kind, name] = [operandKind(of), operandName(of)];
    const known = kind === 'property' ? undefined : knownNames[name];
    return known ? plain(known) : sentence(name.replace(/^custom\./, '').replaceAll('_', ' '));
  };
  const value = (text: string | null) => text ?? t('explore.noValue');
  const condition = ({ operator, values, ...of }: Condition) =>
    `${operand(of)} ${plain(operatorNames[operator])} ${values.join(', ')}`.trim();
  const selector = (of: Selector) => {
    const conditions = (of.filters ?? []).map(condition).join(', ');
    return conditions ? t('explore.eventWith', { event: event(of.event), conditions }) : event(of.event);
  };
  return {
    t,
    plain,
    format,
    event,
    operand,
    value,
    group: (group) => group.map(value).join(' · '),
    condition,
    selector,
    series: (of) => {
      const measure = of.measure ?? 'events';
      if (measure === 'events') return selector(of);
      const name = plain(measureNames[measure]);
      return measure === 'customers'
        ? t('explore.measured', { event: selector(of), measure: name })
        : t('explore.measuredOf', { event: selector(of), measure: name, of: operand(of.of ?? { field: 'value' }) });
    },
  };
}

export function useWords(vocabulary: Vocabulary | undefined): Words {
  const { t } = useI18n();
  const format = useFormat();
  const eventName = useEventName();
  const names = useMemo(() => new Map((vocabulary?.events ?? []).map((event) => [event.type, event.name ?? undefined])), [vocabulary]);
  const event = useCallback(
    (type: string | null | undefined) => (type ? sentence(eventName({ type, name: names.get(type) })) : t('explore.anyEvent')),
    [eventName, names, t],
  );
  return useMemo(() => makeWords(t, format, event), [t, format, event]);
}
