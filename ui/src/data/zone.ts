/** Moments as a clock on the wall of a zone shows them, and back. */

const parts = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  let made = parts.get(zone);
  if (!made) {
    // The Swedish form of a date happens to be ISO's.
    made = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    parts.set(zone, made);
  }
  return made;
}

/** 2024-03-31T03:30:00; null when it is no moment a clock could show (infinity, years before Christ). */
export function onTheWall(instant: string, zone: string): string | null {
  const time = Date.parse(instant);
  return Number.isNaN(time) ? null : clock(zone).format(time).replace(' ', 'T');
}

/** The moment at which the wall clock shows this. What spring leaves out is when the clocks have gone on; what autumn repeats, the first. */
export function atTheWall(local: string, zone: string): string | null {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return null;
  const shift = (time: number) => Date.parse(`${onTheWall(new Date(time).toISOString(), zone)}Z`) - Math.floor(time / 1000) * 1000;
  const candidates = [wanted - shift(wanted - 86_400_000), wanted - shift(wanted + 86_400_000)].sort((a, b) => a - b);
  const whole = Math.floor(wanted / 1000) * 1000;
  const found =
    candidates.find((time) => Date.parse(`${onTheWall(new Date(time).toISOString(), zone)}Z`) === whole) ?? Math.max(...candidates);
  return new Date(found).toISOString();
}
