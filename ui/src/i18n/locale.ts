import type { Language } from '../api/types';

export const languages: readonly Language[] = ['en', 'fr'];

const storageKey = 'clientele-language';
const fallbackLocale: Record<Language, string> = { en: 'en-GB', fr: 'fr-FR' };

const isLanguage = (value: string | null | undefined): value is Language => value === 'en' || value === 'fr';

/** The region comes from the browser when it agrees with the chosen language: fr in Canada writes numbers as fr-CA. */
export function localeFor(language: Language, preferred: readonly string[] = navigator.languages): string {
  return preferred.find((tag) => tag.startsWith(`${language}-`)) ?? fallbackLocale[language];
}

/** Before anyone has signed in: the last choice on this machine, else the browser's first language we speak. */
export function initialLanguage(): Language {
  try {
    const stored = localStorage.getItem(storageKey);
    if (isLanguage(stored)) return stored;
  } catch {
    // Storage may be refused.
  }
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage);
  return spoken ?? 'en';
}

export function rememberLanguage(language: Language) {
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // The choice then lasts until the page is closed.
  }
}
