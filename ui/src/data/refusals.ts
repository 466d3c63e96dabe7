import { RestProblem } from '../api/data';
import type { DataColumn, DataRelation, DataRow } from '../api/data.types';
import { asProblem } from '../api/problem';

export type RefusalKind = 'check' | 'unique' | 'missing' | 'referred' | 'required' | 'type' | 'right' | 'gone' | 'other';

/** Why the database did not take a write, and which fields that is about. */
export interface Refusal {
  kind: RefusalKind;
  columns: string[];
  /** The rule's name and what it says, as PostgreSQL writes it. */
  rule?: string;
  text?: string;
  message: string | null;
  hint: string | null;
  code: string;
}

const kinds: Record<string, RefusalKind> = {
  '23514': 'check',
  '23505': 'unique',
  '23P01': 'unique',
  '23503': 'missing',
  '23502': 'required',
  '42501': 'right',
};

/** Thrown by the console when the row that was to be changed is not there any more. */
export const goneProblem = () => new RestProblem(409, 'row_gone', null, null, null);

export function refusalOf(error: unknown, relation: Pick<DataRelation, 'rules' | 'columns'>, sent: DataRow = {}): Refusal {
  const problem = asProblem(error);
  const message = problem.detail;
  const hint = problem instanceof RestProblem ? problem.hint : null;
  const base = { message, hint, code: problem.code };
  if (problem.code === 'row_gone') return { ...base, kind: 'gone', columns: [] };
  const known = (name: string | undefined): name is string => name !== undefined && relation.columns.some((column) => column.name === name);
  const rule = relation.rules.find(
    (r) => r.name === /constraint "([^"]+)"/.exec(message ?? '')?.[1] || r.name === /index "([^"]+)"/.exec(message ?? '')?.[1],
  );
  if (rule) {
    const referred = problem.code === '23503' && /^update or delete/.test(message ?? '');
    // A rule of a type stands for every column of that type: the ones just written are meant.
    const same = relation.rules.filter((r) => r.name === rule.name).flatMap((r) => r.columns);
    const written = same.filter((column) => column in sent);
    return {
      ...base,
      kind: referred ? 'referred' : (kinds[problem.code] ?? 'other'),
      columns: referred ? [] : written.length > 0 ? [...new Set(written)] : [...new Set(same)],
      rule: rule.name,
      text: rule.kind === 'check' ? plain(rule.text) : undefined,
    };
  }
  if (problem.code === '23503' && /^update or delete/.test(message ?? '')) return { ...base, kind: 'referred', columns: [] };
  const column = /column "([^"]+)"/.exec(message ?? '')?.[1];
  if (known(column)) return { ...base, kind: kinds[problem.code] ?? 'other', columns: [column] };
  if (/^22/.test(problem.code)) return { ...base, kind: 'type', columns: typed(message, relation.columns, sent) };
  return { ...base, kind: kinds[problem.code] ?? 'other', columns: [] };
}

// PostgreSQL names the text it could not read, not the column.
function typed(message: string | null, columns: readonly DataColumn[], sent: DataRow): string[] {
  const names = Object.keys(sent).filter((name) => columns.some((column) => column.name === name));
  if (names.length === 1) return names;
  const text = /: "(.*)"$/s.exec(message ?? '')?.[1];
  return text === undefined ? [] : names.filter((name) => String(sent[name]) === text);
}

/** CHECK ((a > (0)::numeric)) as a person would write it. */
export function plain(check: string): string {
  let text = check
    .replace(/^CHECK \(/, '')
    .replace(/\)( NOT VALID)?$/, '')
    .replace(/::(?:character varying|timestamp with(?:out)? time zone|double precision|[a-z_.]+)(?:\(\d+(?:,\d+)?\))?(?:\[\])?/g, '')
    .replace(/= ANY \(ARRAY\[([^\]]*)\]\)/g, 'in ($1)')
    .replace(/= ANY \('\{([^}]*)\}'\)/g, 'in ($1)')
    .replace(/\((-?\d+(?:\.\d+)?|'[^']*'|[a-z_]+)\)/g, (whole, inside: string, at: number, all: string) =>
      /[a-z_]$/i.test(all.slice(0, at)) ? whole : inside,
    )
    .replace(/\s+/g, ' ')
    .trim();
  while (wrapped(text)) text = text.slice(1, -1).trim();
  return text
    .replaceAll(' AND ', ' and ')
    .replaceAll(' OR ', ' or ')
    .replaceAll('IS NULL', 'is null')
    .replaceAll('IS NOT NULL', 'is not null');
}

function wrapped(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0 && i < text.length - 1) return false;
  }
  return true;
}
