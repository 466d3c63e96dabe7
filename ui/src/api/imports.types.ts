export type ImportState =
  | 'uploaded'
  | 'queued'
  | 'reading'
  | 'writing'
  | 'completed'
  | 'cancelling'
  | 'cancelled'
  | 'failed'
  | 'undoing'
  | 'undone';

export interface ImportFormat {
  delimiter: string;
  encoding: string;
  decimal: string;
  date: string;
  timeZone: string;
  /** Null where the file has no amounts. */
  currency: string | null;
  exchangeRate: number;
}

/** A header's name, or a header with a regular expression whose first group is the value. */
export type ColumnSource = string | { column: string; pattern: string };

export interface Mapping {
  format: ImportFormat;
  columns: Record<string, ColumnSource>;
  kinds?: { order?: string; refund?: string; adjustment?: string } | null;
  /** Of orders that have no status column. */
  status?: string | null;
}

export interface Import {
  id: string;
  kind: string;
  fileName: string;
  fileSize: number;
  sha256: string;
  state: ImportState;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  createdBy: string | null;
  mapping: Mapping | null;
  lines: number;
  linesRead: number;
  accepted: number;
  rejected: number;
  duplicates: number;
  /** What was made, by the server's names: orders, events, customersCreated… */
  counts: Record<string, number>;
  progress: number;
  secondsLeft: number | null;
  problem: string | null;
}

export interface ImportField {
  name: string;
  label: string;
  description: string;
  required: boolean;
  kind: 'text' | 'number' | 'time' | 'money';
}

export interface ImportPreview {
  columns: string[];
  rows: (string | null)[][];
  suggested: Mapping;
}

export interface ImportCheck {
  rows: {
    line: number;
    ok: boolean;
    problem: string | null;
    values: Record<string, string | number | boolean | null>;
  }[];
  problems: Record<string, string[]>;
}
