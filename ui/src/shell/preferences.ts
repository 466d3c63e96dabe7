import { useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { savePreferences } from '../api/actions';
import { sessionQuery } from '../api/queries';
import type { Language, Session, Theme } from '../api/types';
import { useI18n } from '../i18n/I18n';

/** What the person chose on another machine counts here too. */
export function usePreferencesFrom(session: Session) {
  const { setLanguage } = useI18n();
  const { setColorScheme } = useMantineColorScheme();
  const { language, theme } = session.user;
  useEffect(() => setLanguage(language), [language, setLanguage]);
  // setColorScheme is a new function every time: only a change of the choice matters.
  useEffect(() => setColorScheme(theme), [theme]);
}

/** Shown at once, saved behind: a preference that cannot be saved still holds on this machine. */
export function usePreferences() {
  const client = useQueryClient();
  const { language, setLanguage } = useI18n();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const save = useMutation({
    mutationFn: savePreferences,
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  });
  return {
    language,
    theme: colorScheme as Theme,
    chooseLanguage: (next: Language) => {
      setLanguage(next);
      save.mutate({ language: next });
    },
    chooseTheme: (next: Theme) => {
      setColorScheme(next);
      save.mutate({ theme: next });
    },
  };
}
