import type { Key } from '../i18n/catalogue';
import type { Operator } from './filters';
import type { RefusalKind } from './refusals';
import type { RowTab } from './search';
import type { Fault } from './values';

export const operatorWords: Record<Operator, Key> = {
  eq: 'data.op.eq',
  neq: 'data.op.neq',
  contains: 'data.op.contains',
  notContains: 'data.op.notContains',
  starts: 'data.op.starts',
  ends: 'data.op.ends',
  like: 'data.op.like',
  matches: 'data.op.matches',
  gt: 'data.op.gt',
  gte: 'data.op.gte',
  lt: 'data.op.lt',
  lte: 'data.op.lte',
  in: 'data.op.in',
  notIn: 'data.op.notIn',
  has: 'data.op.has',
  within: 'data.op.within',
  overlaps: 'data.op.overlaps',
  search: 'data.op.search',
  isNull: 'data.op.isNull',
  notNull: 'data.op.notNull',
  isTrue: 'data.op.isTrue',
  isFalse: 'data.op.isFalse',
};

export const faultWords: Record<Fault, Key> = {
  number: 'data.fault.number',
  whole: 'data.fault.whole',
  json: 'data.fault.json',
  uuid: 'data.fault.uuid',
  moment: 'data.fault.moment',
};

export const refusalWords: Partial<Record<RefusalKind, Key>> = {
  unique: 'data.refused.unique',
  missing: 'data.refused.missing',
  referred: 'data.refused.referred',
  required: 'data.refused.required',
  gone: 'data.refused.gone',
};

export const tabWords: Record<RowTab, Key> = { fields: 'data.tab.fields', relations: 'data.tab.relations', history: 'data.tab.history' };
