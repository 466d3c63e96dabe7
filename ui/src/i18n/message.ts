import type { Language } from '../api/types';

/** A sentence, or one sentence for each plural form the language knows (Intl.PluralRules picks by {count}). */
export type Text = string | { one: string; other: string };

export type Message = Record<Language, Text>;

export type Params = Record<string, string | number>;

/** Keeps the literal texts, so that a call is checked for the parameters its sentence needs. */
export const messages = <const T extends Record<string, Message>>(catalogue: T): T => catalogue;

type NamesIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

type TextNames<T> = T extends string ? NamesIn<T> : T extends { one: infer A; other: infer B } ? NamesIn<A> | NamesIn<B> | 'count' : never;

/** The parameters of a message, read from its English text. */
export type ParamsOf<M> = M extends { en: infer E }
  ? [TextNames<E>] extends [never]
    ? []
    : [params: Record<TextNames<E>, string | number>]
  : never;

export function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name];
    return value === undefined ? hole : String(value);
  });
}

/**
 * A number given as {count} picks the plural form; it is written by the given formatter,
 * unless the caller passes its own wording as {shown}.
 */
export function resolve(message: Message, language: Language, locale: string, params: Params): string {
  const text = message[language];
  const shown: Params = {};
  for (const [name, value] of Object.entries(params)) {
    shown[name] = typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  }
  if (typeof text === 'string') return fill(text, shown);
  const count = Number(params.count);
  const form = new Intl.PluralRules(locale).select(Number.isFinite(count) ? count : 2);
  return fill(form === 'one' ? text.one : text.other, shown);
}
