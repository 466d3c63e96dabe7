import type { Figures, Overview, SeriesPoint } from '../api/types';

const figures: Figures = {
  revenue: 30_000,
  orders: 30,
  customers: 20,
  averageOrderValue: 1000,
  repeatRate: 0.25,
  refunds: -500,
  refundCount: 2,
  adjustments: 0,
  adjustmentCount: 0,
};

const point = (date: string, revenue: number, partial = false): SeriesPoint => ({
  date,
  partial,
  revenue,
  orders: revenue / 1000,
  customers: revenue / 2000,
  averageOrderValue: revenue ? 1000 : null,
  repeatRate: 0.2,
});

/** Three days, the last of them unfinished. For tests. */
export const sampleOverview: Overview = {
  range: { from: '2011-12-07', to: '2011-12-09', days: 3 },
  previousRange: { from: '2011-12-04', to: '2011-12-06', days: 3 },
  interval: 'day',
  timeZone: 'Europe/London',
  currency: 'GBP',
  dataRange: { from: '2010-12-01', to: '2011-12-09' },
  current: figures,
  previous: { ...figures, revenue: 24_000, repeatRate: 0.3 },
  series: [point('2011-12-07', 10_000), point('2011-12-08', 15_000), point('2011-12-09', 5_000, true)],
  previousSeries: [point('2011-12-04', 8_000), point('2011-12-05', 0), point('2011-12-06', 16_000), point('2011-12-07', 1)],
  countries: [
    { country: 'United Kingdom', revenue: 25_000, orders: 25, customers: 16, share: 0.8333 },
    { country: null, revenue: 5_000, orders: 5, customers: 4, share: 0.1667 },
  ],
  products: [{ productId: '85123A', name: 'WHITE HANGING HEART', quantity: 12, revenue: 30.6, orders: 2 }],
};
