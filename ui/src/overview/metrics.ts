import type { Key } from '../i18n/catalogue';
import type { Format } from '../i18n/format';
import type { MetricName } from './metric-names';

export interface Metric {
  label: Key;
  unit: 'percent' | 'points';
  /** A part of the whole can be stated only for what adds up: a customer may buy in two periods. */
  addsUp: boolean;
  exact: (value: number, format: Format) => string;
  short: (value: number, format: Format) => string;
  axis: (value: number, format: Format) => string;
}

const count = {
  unit: 'percent',
  exact: (value: number, format: Format) => format.number(value),
  short: (value: number, format: Format) => format.compact(value),
  axis: (value: number, format: Format) => format.compact(value),
} as const;

const amount = {
  unit: 'percent',
  exact: (value: number, format: Format) => format.money(value),
  short: (value: number, format: Format) => format.moneyCompact(value),
  axis: (value: number, format: Format) => format.moneyShort(value),
} as const;

export const metrics: Record<MetricName, Metric> = {
  revenue: { label: 'metric.revenue', addsUp: true, ...amount },
  orders: { label: 'metric.orders', addsUp: true, ...count },
  customers: { label: 'metric.customers', addsUp: false, ...count },
  averageOrderValue: { label: 'metric.averageOrderValue', addsUp: false, ...amount },
  repeatRate: {
    label: 'metric.repeatRate',
    addsUp: false,
    unit: 'points',
    exact: (value, format) => format.percent(value, 2),
    short: (value, format) => format.percent(value),
    axis: (value, format) => format.percent(value, 0),
  },
};
