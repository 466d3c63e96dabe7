import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Language } from '../api/types';
import { catalogue, type Key } from './catalogue';
import { makeFormat, type Format } from './format';
import { initialLanguage, localeFor, rememberLanguage } from './locale';
import { resolve, type Params, type ParamsOf } from './message';

export type Translate = <K extends Key>(key: K, ...params: ParamsOf<(typeof catalogue)[K]>) => string;

interface I18n {
  language: Language;
  locale: string;
  setLanguage: (language: Language) => void;
  t: Translate;
}

const I18nContext = createContext<I18n | null>(null);
const FormatContext = createContext<Format | null>(null);

export function translator(language: Language, locale: string): Translate {
  return (key, ...params) => resolve(catalogue[key], language, locale, (params[0] as Params | undefined) ?? {});
}

export function I18nProvider({ children, language: fixed }: { children: ReactNode; language?: Language }) {
  const [language, setLanguage] = useState<Language>(fixed ?? initialLanguage);
  useEffect(() => rememberLanguage(language), [language]);
  const locale = useMemo(() => localeFor(language), [language]);
  const value = useMemo(() => ({ language, locale, setLanguage, t: translator(language, locale) }), [language, locale]);
  return (
    <I18nContext value={value}>
      <FormatProvider zone={Intl.DateTimeFormat().resolvedOptions().timeZone} currency="EUR">
        {children}
      </FormatProvider>
    </I18nContext>
  );
}

/** Inside an organization numbers are in its currency and moments in its zone. */
export function FormatProvider({ zone, currency, children }: { zone: string; currency: string; children: ReactNode }) {
  const { locale } = useI18n();
  const format = useMemo(() => makeFormat(locale, zone, currency), [locale, zone, currency]);
  return <FormatContext value={format}>{children}</FormatContext>;
}

export function useI18n(): I18n {
  const i18n = use(I18nContext);
  if (!i18n) throw new Error('I18nProvider is missing.');
  return i18n;
}

export const useT = () => useI18n().t;

export function useFormat(): Format {
  const format = use(FormatContext);
  if (!format) throw new Error('FormatProvider is missing.');
  return format;
}

/** For a value of the contract that has its words in the catalogue, or is shown as it is when the server knows more than we do. */
export function useWordFor<T extends string>(words: Partial<Record<T, Key>>) {
  const { t } = useI18n();
  return useCallback(
    (value: string) => {
      const key = words[value as T];
      return key ? (t as (key: Key) => string)(key) : value.replaceAll('_', ' ');
    },
    [t, words],
  );
}
