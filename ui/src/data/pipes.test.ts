import { describe, expect, it } from 'vitest';
import { csvPipe, jsonPipe, type Pipe } from './pipes';

const bytes = new TextEncoder().encode.bind(new TextEncoder());

function through(pipe: Pipe, sent: string, size: number) {
  const all = bytes(sent);
  const decoder = new TextDecoder();
  let out = '';
  for (let at = 0; at < all.length; at += size) {
    const part = pipe.push(all.slice(at, at + size));
    out += typeof part === 'string' ? part : decoder.decode(part, { stream: true });
  }
  return { text: out + pipe.end(), rows: pipe.rows };
}

describe.each([1, 2, 3, 7, 1000])('an answer in pieces of %i bytes', (size) => {
  it('as CSV loses its formulas and doubled backslashes, and nothing else', () => {
    const sent = 'name,note\n=1+1,"a ""b""\n=2, c"\n"=cmd|\' /C calc\'!A0",C:\\\\x\nété 🎈,\n,""';
    expect(through(csvPipe(), sent, size)).toEqual({
      text: 'name,note\n\'=1+1,"a ""b""\n=2, c"\n"\'=cmd|\' /C calc\'!A0",C:\\x\nété 🎈,\n,""\n',
      rows: 4,
    });
  });

  it('as CSV may have no rows', () => expect(through(csvPipe(), 'a,b', size)).toEqual({ text: 'a,b\n', rows: 0 }));

  it('as JSON is the same, and counted', () => {
    const sent = '[{"a":9007199254740993,"b":"{\\"[\\\\"},\n {"a":[{"x":1}],"b":"é}"}]';
    expect(through(jsonPipe(), sent, size)).toEqual({ text: `${sent}\n`, rows: 2 });
    expect(through(jsonPipe(), '[]', size)).toEqual({ text: '[]\n', rows: 0 });
  });

  it('as JSON is not whole when it broke off', () => {
    expect(() => through(jsonPipe(), '[{"a":1},', size)).toThrow();
    expect(() => through(jsonPipe(), '', size)).toThrow();
  });
});
