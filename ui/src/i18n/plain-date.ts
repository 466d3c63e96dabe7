/** A calendar day as YYYY-MM-DD. Days are added in UTC, where none is longer than another. */
export type PlainDate = string;

const shape = /^(\d{4})-(\d{2})-(\d{2})$/;

export function isPlainDate(value: unknown): value is PlainDate {
  if (typeof value !== 'string' || !shape.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

export const toUtc = (date: PlainDate) => new Date(`${date}T00:00:00Z`);

const fromUtc = (date: Date): PlainDate => date.toISOString().slice(0, 10);

export function addDays(date: PlainDate, days: number): PlainDate {
  const moved = toUtc(date);
  moved.setUTCDate(moved.getUTCDate() + days);
  return fromUtc(moved);
}

/** The first of the month so many months away. */
export function startOfMonth(date: PlainDate, months = 0): PlainDate {
  const start = toUtc(date);
  return fromUtc(new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, 1)));
}

export const endOfMonth = (date: PlainDate, months = 0): PlainDate => addDays(startOfMonth(date, months + 1), -1);

export const startOfYear = (date: PlainDate): PlainDate => `${date.slice(0, 4)}-01-01`;

/** Both ends counted. */
export const daysBetween = (from: PlainDate, to: PlainDate) => Math.round((toUtc(to).getTime() - toUtc(from).getTime()) / 86_400_000) + 1;

/** The day an instant falls on in a zone. The Swedish form of a date happens to be ISO's. */
export function dayIn(zone: string, instant: Date | string | number = Date.now()): PlainDate {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(instant));
}
