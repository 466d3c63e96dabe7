import { describe, expect, it } from 'vitest';
import type { ImportField, Mapping } from '../../api/imports.types';
import { columnOf, missingFields, patternOf, problemsFor, readMapping, withColumn, withKind } from './mapping';

const mapping: Mapping = {
  format: { delimiter: ',', encoding: 'utf-8', decimal: '.', date: 'yyyy-MM-dd', timeZone: 'UTC', currency: 'GBP', exchangeRate: 1 },
  columns: { orderNumber: 'InvoiceNo', customerId: { column: 'CustomerID', pattern: '^([0-9]+)' } },
  kinds: { order: '^[0-9]+$' },
  status: 'delivered',
};
const field = (name: string, required: boolean): ImportField => ({ name, required, label: name, description: '', kind: 'text' });

describe('a mapping', () => {
  it('writes a column with or without a pattern', () => {
    expect(withColumn(mapping, 'country', 'Country', '').columns.country).toBe('Country');
    expect(withColumn(mapping, 'orderNumber', 'No', '^(.)').columns.orderNumber).toEqual({ column: 'No', pattern: '^(.)' });
    expect(withColumn(mapping, 'orderNumber', undefined, '^(.)').columns).not.toHaveProperty('orderNumber');
    expect([columnOf(mapping.columns.customerId), patternOf(mapping.columns.customerId), patternOf('x')]).toEqual([
      'CustomerID',
      '^([0-9]+)',
      '',
    ]);
  });

  it('has no kinds when the last pattern goes', () => {
    expect(withKind(mapping, 'refund', '^C').kinds).toEqual({ order: '^[0-9]+$', refund: '^C' });
    expect(withKind(mapping, 'order', '').kinds).toBeUndefined();
  });

  it('knows what is still needed', () => {
    expect(
      missingFields(mapping, [field('orderNumber', true), field('quantity', true), field('country', false)]).map((f) => f.name),
    ).toEqual(['quantity']);
  });

  it('finds problems however the server names the field', () => {
    const problems = { quantity: ['Missing.'], 'kinds.order': ['Not an expression.'] };
    expect(problemsFor(problems, 'columns', 'quantity')).toBe('Missing.');
    expect(problemsFor(problems, 'kinds', 'order')).toBe('Not an expression.');
    expect(problemsFor(problems, 'format', 'date')).toBeUndefined();
  });

  it('is read from a file, and only what it knows of', () => {
    expect(readMapping(JSON.stringify(mapping), mapping)).toEqual(mapping);
    const partial = readMapping('{"columns":{"quantity":"Qty","x":5},"format":{"decimal":",","exchangeRate":"2","evil":1}}', mapping);
    expect(partial?.columns).toEqual({ quantity: 'Qty' });
    expect(partial?.format).toEqual({ ...mapping.format, decimal: ',' });
    expect(partial?.kinds).toBeUndefined();
    for (const wrong of ['', '[]', '{}', 'null', '{"columns":[]}']) expect(readMapping(wrong, mapping)).toBeNull();
  });
});
