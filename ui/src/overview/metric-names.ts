export const metricNames = ['revenue', 'orders', 'customers', 'averageOrderValue', 'repeatRate'] as const;

export type MetricName = (typeof metricNames)[number];
