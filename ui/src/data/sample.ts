/** For tests and nothing else: a table as the server describes it. */
import type { DataColumn, DataRelation } from '../api/data.types';

export const sampleColumn = (name: string, base: string, more: Partial<DataColumn> = {}): DataColumn => ({
  name,
  type: base,
  base,
  nullable: true,
  default: null,
  comment: null,
  maxLength: null,
  choices: null,
  insert: true,
  update: true,
  ...more,
});

export const sampleRelation = (more: Partial<DataRelation> = {}): DataRelation => ({
  schema: 'cdp',
  name: 'customers',
  view: false,
  comment: 'End customers.',
  key: ['id'],
  may: { read: true, insert: true, update: true, delete: true, write: true },
  columns: [
    sampleColumn('organization_id', 'uuid', { nullable: false, insert: false, update: false }),
    sampleColumn('id', 'uuid', { nullable: false, default: 'gen_random_uuid()' }),
    sampleColumn('name', 'text'),
    sampleColumn('stage', 'text', { nullable: false, default: "'new'::text", choices: ['new', 'active'] }),
    sampleColumn('orders', 'int4'),
    sampleColumn('attributes', 'jsonb'),
    sampleColumn('seen_at', 'timestamptz'),
    sampleColumn('parent_id', 'uuid'),
  ],
  rules: [
    { name: 'customers_name_check', kind: 'check', columns: ['name'], text: 'CHECK (((length(name) >= 1) AND (length(name) <= 200)))' },
    { name: 'customers_name_key', kind: 'unique', columns: ['name'], text: 'UNIQUE (organization_id, name)' },
    { name: 'customers_parent_fkey', kind: 'foreign', columns: ['parent_id'], text: 'FOREIGN KEY (parent_id) REFERENCES customers(id)' },
  ],
  references: [
    { constraint: 'customers_parent_fkey', schema: 'cdp', relation: 'customers', columns: ['parent_id'], to: ['id'], shows: ['name'] },
  ],
  referrers: [
    { constraint: 'customers_parent_fkey', schema: 'cdp', relation: 'customers', columns: ['parent_id'], to: ['id'], onDelete: 'set null' },
  ],
  ...more,
});
