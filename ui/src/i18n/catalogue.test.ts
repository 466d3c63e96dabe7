import { describe, expect, it } from 'vitest';
import { catalogue, type Key } from './catalogue';
import { languages } from './locale';
import type { Message, Text } from './message';

const sources = import.meta.glob<string>(['/src/**/*.ts', '/src/**/*.tsx', '!/src/**/*.test.*'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const isCatalogue = (path: string) => /messages\.ts$/.test(path);
const code = Object.entries(sources).filter(([path]) => !isCatalogue(path));
const entries = Object.entries(catalogue) as [Key, Message][];
const forms = (text: Text): string[] => (typeof text === 'string' ? [text] : [text.one, text.other]);
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe('the catalogue', () => {
  it.each(languages)('has every text in %s', (language) => {
    const missing = entries.filter(
      ([, message]) => message[language] === undefined || forms(message[language]).some((form) => form.trim() === ''),
    );
    expect(missing.map(([key]) => key)).toEqual([]);
  });

  it('has each key once', () => {
    const parts = Object.entries(sources)
      .filter(([path]) => isCatalogue(path))
      .map(([, text]) => text);
    const written = parts.flatMap((text) => [...text.matchAll(/^ {2}'([\w.]+)':/gm)].map((m) => m[1]));
    expect(written.length).toBe(new Set(written).size);
    expect(new Set(written)).toEqual(new Set(Object.keys(catalogue)));
  });

  it('fills the same holes in both languages and all plural forms', () => {
    const different = entries.filter(([, { en, fr }]) => {
      const all = [...forms(en), ...forms(fr)].map((text) => holes(text).join());
      return new Set(all).size > 1 || typeof en !== typeof fr;
    });
    expect(different.map(([key]) => key)).toEqual([]);
  });

  it('has no key that nobody uses', () => {
    const everything = code.map(([, text]) => text).join('\n');
    expect(Object.keys(catalogue).filter((key) => !everything.includes(`'${key}'`))).toEqual([]);
  });

  it('puts a fixed space before French double signs', () => {
    const loose = entries.filter(([, { fr }]) => forms(fr).some((text) => / [:;?!»]|« /.test(text)));
    expect(loose.map(([key]) => key)).toEqual([]);
  });

  it('is the only place with text', () => {
    const found = code
      .filter(([path]) => path.endsWith('.tsx'))
      .flatMap(([path, text]) => [
        ...[...text.matchAll(/>\s*([A-Za-zÀ-ÿ][^<>{}=;()]*)<\//g)].map((m) => `${path}: ${m[1]}`),
        ...[...text.matchAll(/\b(?:aria-label|placeholder|title|label|alt)="([^"]+)"/g)].map((m) => `${path}: ${m[1]}`),
      ]);
    expect(found).toEqual([]);
  });
});
