import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/I18n';
import { languages } from '../i18n/locale';
import { usePlainT } from '../i18n/usePlainT';
import { languageNames } from '../shell/preference-names';
import { useTitle } from '../shell/useTitle';
import classes from './Session.module.css';

/** The frame of the pages outside an organization. The language can be chosen before anyone is known. */
export function SessionCard({ title, children }: { title: string; children: ReactNode }) {
  const { language, setLanguage, t } = useI18n();
  const plain = usePlainT();
  useTitle(title);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <img src="/favicon.svg" alt="" width={28} height={28} />
          <span>{t('product.brand')}</span>
        </div>
        <Title order={1} mb="md">
          {title}
        </Title>
        {children}
      </div>
      <div className={classes.languages} role="group" aria-label={t('language.label')}>
        {languages.map((option) => (
          <button key={option} type="button" lang={option} aria-pressed={option === language} onClick={() => setLanguage(option)}>
            {plain(languageNames[option])}
          </button>
        ))}
      </div>
    </main>
  );
}
