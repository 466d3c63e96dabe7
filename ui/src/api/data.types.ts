/** What /api/data tells of the database, as far as the caller may see it. */

export interface DataSchemas {
  /** The schema meant by a request that names none. */
  usual: string | null;
  schemas: DataSchema[];
}

export interface DataSchema {
  name: string;
  blueprint: boolean;
  comment: string | null;
  relations: { name: string; view: boolean; comment: string | null; writable: boolean }[];
}

export interface DataSizes {
  schema: string;
  relations: { name: string; rows: number | null; exact: boolean }[];
}

export interface DataRelation {
  schema: string;
  name: string;
  view: boolean;
  comment: string | null;
  /** The columns that tell rows apart; empty: none do. */
  key: string[];
  may: { read: boolean; insert: boolean; update: boolean; delete: boolean; write: boolean };
  columns: DataColumn[];
  rules: DataRule[];
  references: DataReference[];
  referrers: DataReferrer[];
}

export interface DataColumn {
  name: string;
  type: string;
  /** The type below domains, by PostgreSQL's short name. */
  base: string;
  nullable: boolean;
  default: string | null;
  comment: string | null;
  maxLength: number | null;
  choices: string[] | null;
  insert: boolean;
  update: boolean;
}

export interface DataRule {
  name: string;
  kind: 'check' | 'unique' | 'key' | 'foreign' | 'exclusion';
  columns: string[];
  text: string;
}

export interface DataReference {
  constraint: string;
  schema: string;
  relation: string;
  columns: string[];
  to: string[];
  /** The other's columns by which people know its rows. */
  shows: string[];
}

export interface DataReferrer {
  constraint: string;
  schema: string;
  relation: string;
  columns: string[];
  to: string[];
  onDelete: 'cascade' | 'set null' | 'set default' | 'restrict';
}

export interface DataHistory {
  items: {
    id: string;
    at: string;
    who: string | null;
    actor: 'user' | 'api' | 'system';
    activity: string;
    through: string;
    changes: { column: string; old: unknown; new: unknown }[];
  }[];
  /** For older ones; null: there are none. */
  next: string | null;
}

export type DataRow = Record<string, unknown>;
