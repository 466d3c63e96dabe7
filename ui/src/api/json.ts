/** A number as it was written, where a JavaScript number does not hold it: 9007199254740993, 1.50. */
export class Exact {
  constructor(readonly source: string) {}

  toString() {
    return this.source;
  }

  /** For whoever writes it without {@link writeJson}: PostgreSQL reads a number from text too. */
  toJSON() {
    return this.source;
  }
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * Reads JSON and keeps the digits of its numbers: those that JavaScript would write in another way become {@link Exact}. Browsers
 * are only beginning to tell a number's text, so it is put into quotes before they read it, behind a mark that nobody can guess.
 */
export function parseJson(text: string): unknown {
  const mark = `${Math.random().toString(36).slice(2)}:`;
  let some = false;
  const marked = text.replace(tokens, (token) => {
    if (token.startsWith('"') || String(Number(token)) === token) return token;
    // What is no number is left to the parser, which says where it stands.
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(token)) return token;
    some = true;
    return `"${mark}${token}"`;
  });
  if (!some) return JSON.parse(text) as unknown;
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? new Exact(value.slice(mark.length)) : value,
  ) as unknown;
}

/** Writes JSON as `JSON.stringify` does, and numbers as they were read. */
export function writeJson(value: unknown, space = 0, before = ''): string {
  if (value instanceof Exact) return value.source;
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value) ?? 'null';
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const inner = before + ' '.repeat(space);
  const parts = Array.isArray(value)
    ? value.map((item) => writeJson(item, space, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => `${JSON.stringify(name)}:${space > 0 ? ' ' : ''}${writeJson(item, space, inner)}`);
  if (parts.length === 0) return open + close;
  return space > 0 ? `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${before}${close}` : `${open}${parts.join(',')}${close}`;
}
