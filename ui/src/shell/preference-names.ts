import type { Language, Theme } from '../api/types';
import type { Key } from '../i18n/catalogue';

export const themes: readonly Theme[] = ['light', 'dark', 'auto'];

export const themeNames: Record<Theme, Key> = { light: 'theme.light', dark: 'theme.dark', auto: 'theme.auto' };

export const languageNames: Record<Language, Key> = { en: 'language.en', fr: 'language.fr' };
