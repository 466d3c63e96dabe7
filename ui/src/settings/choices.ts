/** Choices come from the browser; what is chosen already is always among them, even if the browser does not know it. */
const withCurrent = (all: string[], current: string) => (all.includes(current) ? all : [current, ...all]);

export const timeZones = (current: string) =>
  withCurrent(['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')], current);

export const currencies = (current: string) => withCurrent(Intl.supportedValuesOf('currency'), current);

export const currencyName = (code: string, locale: string) =>
  `${code} · ${new Intl.DisplayNames([locale], { type: 'currency' }).of(code) ?? code}`;
