import type { ColumnSource, ImportField, Mapping } from '../../api/imports.types';

export const columnOf = (source: ColumnSource | undefined): string | undefined => (typeof source === 'object' ? source.column : source);

export const patternOf = (source: ColumnSource | undefined): string => (typeof source === 'object' ? source.pattern : '');

const sourceOf = (column: string, pattern: string): ColumnSource => (pattern ? { column, pattern } : column);

export function withColumn(mapping: Mapping, field: string, column: string | undefined, pattern: string): Mapping {
  const { [field]: _, ...others } = mapping.columns;
  return { ...mapping, columns: column ? { ...others, [field]: sourceOf(column, pattern) } : others };
}

export const kindNames = ['order', 'refund', 'adjustment'] as const;

export type KindName = (typeof kindNames)[number];

/** Without a single pattern there are no kinds, and all records are orders. */
export function withKind(mapping: Mapping, kind: KindName, pattern: string): Mapping {
  const kinds = { ...mapping.kinds, [kind]: pattern || undefined };
  const any = kindNames.some((name) => kinds[name]);
  return { ...mapping, kinds: any ? kinds : undefined };
}

export const missingFields = (mapping: Mapping, fields: ImportField[]) =>
  fields.filter((field) => field.required && !columnOf(mapping.columns[field.name]));

/** The server may name a field alone or with the part of the mapping it is in. */
export function problemsFor(
  problems: Readonly<Record<string, readonly string[]>>,
  part: 'columns' | 'format' | 'kinds',
  name: string,
): string | undefined {
  const found = [name, `${part}.${name}`, `mapping.${part}.${name}`].flatMap((key) => problems[key] ?? []);
  return found.length > 0 ? found.join(' ') : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function readColumns(value: Record<string, unknown>): Record<string, ColumnSource> {
  const columns: Record<string, ColumnSource> = {};
  for (const [field, source] of Object.entries(value)) {
    if (typeof source === 'string') columns[field] = source;
    else if (isRecord(source) && typeof source.column === 'string') {
      columns[field] = sourceOf(source.column, typeof source.pattern === 'string' ? source.pattern : '');
    }
  }
  return columns;
}

/** A mapping someone saved before. What it does not say stays as it is; null if it is none at all. */
export function readMapping(text: string, now: Mapping): Mapping | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(json) || !isRecord(json.columns)) return null;
  const format = isRecord(json.format) ? json.format : {};
  const texts = ['delimiter', 'encoding', 'decimal', 'date', 'timeZone', 'currency'] as const;
  const kinds = isRecord(json.kinds) ? json.kinds : {};
  return {
    format: {
      ...now.format,
      ...Object.fromEntries(texts.filter((name) => typeof format[name] === 'string').map((name) => [name, format[name]])),
      ...(typeof format.exchangeRate === 'number' && { exchangeRate: format.exchangeRate }),
    },
    columns: readColumns(json.columns),
    kinds: isRecord(json.kinds)
      ? Object.fromEntries(kindNames.filter((name) => typeof kinds[name] === 'string').map((name) => [name, kinds[name]]))
      : undefined,
    status: typeof json.status === 'string' ? json.status : now.status,
  };
}
