import { describe, expect, it } from 'vitest';
import { toCsv } from './data';

describe('CSV', () => {
  it('quotes, keeps numbers plain and does not run as a formula', () => {
    const csv = toCsv({
      columns: [{ label: 'Country' }, { label: 'Revenue, GBP' }],
      rows: [
        ['Say "hi"', -1.5],
        ['=1+1', null],
        ['a\nb', 2],
      ],
    });
    expect(csv).toBe('\uFEFFCountry,"Revenue, GBP"\r\n"Say ""hi""",-1.5\r\n\'=1+1,\r\n"a\nb",2\r\n');
  });
});
