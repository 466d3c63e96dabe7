import { describe, expect, it } from 'vitest';
import { guardedCsv, readCsv, separatorOf, unguarded, writeCsv } from './csv';

describe('CSV', () => {
  it('has quotes, line ends inside them, and lines that are told by their place in the file', () => {
    const csv = readCsv('\ufeffid,name\r\n1,"a, ""b""\nc"\r\n\r\n2,\r\n');
    expect(csv.header).toEqual(['id', 'name']);
    expect(csv.lines).toEqual([
      { line: 2, cells: ['1', 'a, "b"\nc'] },
      { line: 5, cells: ['2', ''] },
    ]);
  });

  it('finds its separator', () => {
    expect(separatorOf('a;b;c\n1,2;3')).toBe(';');
    expect(separatorOf('a\tb')).toBe('\t');
    expect(separatorOf('a')).toBe(',');
  });

  it('comes back as it was written', () => {
    const rows = [
      ['a', 'b'],
      ['x,y', 'one "two"\nthree'],
      ['', 'z'],
    ];
    const read = readCsv(writeCsv(rows));
    expect([read.header, ...read.lines.map((l) => l.cells)]).toEqual(rows);
  });

  it('is harmless for a spreadsheet, and read again as it was', () => {
    const cells = ['=1+1', '@x', '-1', '+221770000001', '-2+3', "it's"];
    const read = readCsv(writeCsv([['a', 'b', 'c', 'd', 'e', 'f'], cells]));
    expect(read.lines[0]?.cells).toEqual(["'=1+1", "'@x", '-1', '+221770000001', "'-2+3", "it's"]);
    expect(read.lines[0]?.cells.map(unguarded)).toEqual(cells);
  });

  it('of a server loses nothing but its formulas', () => {
    const sent = 'a,b\n=1+1,""\n,\n"=cmd|\' /C calc\'!A0, x",-5\n"say ""=1""\n=2",+221770000001\n';
    expect(guardedCsv(sent)).toBe('a,b\n\'=1+1,""\n,\n"\'=cmd|\' /C calc\'!A0, x",-5\n"say ""=1""\n=2",+221770000001\n');
    expect(guardedCsv('only\n\nx\n')).toBe('only\n\nx\n');
  });

  it('may be empty', () => expect(readCsv('')).toEqual({ header: [], lines: [] }));
});
