import { dayIn, toUtc, type PlainDate } from './plain-date';

/** Formatters are dear to make and are asked for in every cell, so each is made once. */
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function cached<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(key: string, make: () => T): T {
  const known = cache.get(key);
  if (known) return known as T;
  const made = make();
  cache.set(key, made);
  return made;
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** Below this a number is short enough to be shown exactly. */
const compactFrom = 10_000;

export type Format = ReturnType<typeof makeFormat>;

export function makeFormat(locale: string, zone: string, organizationCurrency: string) {
  const number = (options: Intl.NumberFormatOptions) =>
    cached(`n${locale}${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options));
  const date = (options: Intl.DateTimeFormatOptions) =>
    cached(`d${locale}${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options));
  const money = (value: number, currency: string, options: Intl.NumberFormatOptions = {}) =>
    number({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...options }).format(value);

  return {
    locale,
    zone,
    currency: organizationCurrency,

    number: (value: number, digits = 0) => number({ maximumFractionDigits: digits }).format(value),

    compact: (value: number) =>
      Math.abs(value) < compactFrom
        ? number({ maximumFractionDigits: 0 }).format(value)
        : number({ notation: 'compact', maximumSignificantDigits: 3 }).format(value),

    money: (value: number, currency = organizationCurrency) => money(value, currency),

    /** Prices go down to a tenth of a penny. */
    price: (value: number, currency = organizationCurrency) => money(value, currency, { maximumFractionDigits: 4 }),

    moneyCompact: (value: number, currency = organizationCurrency) =>
      Math.abs(value) < compactFrom ? money(value, currency) : money(value, currency, { notation: 'compact', maximumSignificantDigits: 3 }),

    /** For the axis of a chart. */
    moneyShort: (value: number, currency = organizationCurrency) =>
      money(value, currency, { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 }),

    percent: (ratio: number, digits = 1) => number({ style: 'percent', maximumFractionDigits: digits }).format(ratio),

    /** A calendar day: it has no zone, so it is written as it stands. */
    day: (day: PlainDate, style: 'short' | 'medium' | 'weekday' | 'long' = 'medium') =>
      date({
        timeZone: 'UTC',
        day: 'numeric',
        month: style === 'long' ? 'long' : 'short',
        ...(style === 'short' ? {} : { year: 'numeric' }),
        ...(style === 'long' ? { weekday: 'long' } : style === 'weekday' ? { weekday: 'short' } : {}),
      }).format(toUtc(day)),

    month: (day: PlainDate) => date({ timeZone: 'UTC', month: 'short', year: 'numeric' }).format(toUtc(day)),

    range: (from: PlainDate, to: PlainDate) =>
      date({ timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).formatRange(toUtc(from), toUtc(to)),

    date: (instant: string) => date({ timeZone: zone, day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(instant)),

    time: (instant: string) => date({ timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(new Date(instant)),

    dateTime: (instant: string) => date({ timeZone: zone, dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant)),

    /** The moment to the second, with its zone: what a person quotes. */
    exact: (instant: string) =>
      date({
        timeZone: zone,
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        year: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        timeZoneName: 'short',
      }).format(new Date(instant)),

    relative: (instant: string, now = Date.now()) => {
      const seconds = (Date.parse(instant) - now) / 1000;
      const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
      return cached(`r${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })).format(Math.trunc(seconds / size), unit);
    },

    dayOf: (instant: string) => dayIn(zone, instant),

    duration: (seconds: number) => {
      const [unit, size] = units.slice(4).find(([, length]) => seconds >= length) ?? ['second', 1];
      return number({ style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(Math.max(1, Math.round(seconds / size)));
    },

    /** The same, but so that a tenth of it can still be told: 0.4 seconds, 75 seconds, 21 minutes, 30 hours. */
    elapsed: (seconds: number) => {
      const [unit, size] = seconds >= 7200 ? ['hour', 3600] : seconds >= 120 ? ['minute', 60] : ['second', 1];
      const maximumFractionDigits = seconds < 10 ? 1 : 0;
      return number({ style: 'unit', unit: String(unit), unitDisplay: 'long', maximumFractionDigits }).format(seconds / Number(size));
    },

    bytes: (size: number) => {
      const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
      const step = Math.min(steps.length - 1, size < 1000 ? 0 : Math.floor(Math.log10(size) / 3));
      // Its short form of bytes knows no plural.
      const unitDisplay = step === 0 ? 'long' : 'short';
      return number({ style: 'unit', unit: steps[step], unitDisplay, maximumFractionDigits: step > 1 ? 1 : 0 }).format(size / 1000 ** step);
    },

    list: (items: string[]) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  };
}
