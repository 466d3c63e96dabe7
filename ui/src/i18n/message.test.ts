import { describe, expect, it } from 'vitest';
import { translator } from './I18n';
import { localeFor } from './locale';
import { resolve } from './message';

const pieces = { en: { one: '{count} piece', other: '{count} pieces' }, fr: { one: '{count} pièce', other: '{count} pièces' } };

describe('messages', () => {
  it('choose the plural form by the rules of the language', () => {
    expect([0, 1, 2].map((count) => resolve(pieces, 'en', 'en-GB', { count }))).toEqual(['0 pieces', '1 piece', '2 pieces']);
    expect([0, 1, 2].map((count) => resolve(pieces, 'fr', 'fr-FR', { count }))).toEqual(['0 pièce', '1 pièce', '2 pièces']);
  });

  it('write numbers as the reader does', () => {
    expect(resolve(pieces, 'en', 'en-GB', { count: 12345 })).toBe('12,345 pieces');
    expect(resolve(pieces, 'fr', 'fr-FR', { count: 12345 })).toBe('12\u202f345 pièces');
  });

  it('leave a hole visible when nothing was given for it', () => {
    expect(resolve({ en: 'Order {number}', fr: 'Commande {number}' }, 'en', 'en-GB', {})).toBe('Order {number}');
  });

  it('are found by their key', () => {
    expect(translator('fr', 'fr-FR')('palette.order', { number: 'C1' })).toBe('Commande C1');
  });
});

describe('the locale', () => {
  it('takes the region from the browser when it speaks the language', () => {
    expect(localeFor('fr', ['en-US', 'fr-CA'])).toBe('fr-CA');
    expect(localeFor('en', ['fr-FR'])).toBe('en-GB');
  });
});
