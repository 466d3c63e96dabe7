import { useCallback } from 'react';
import type { DataRelation, DataRow } from '../api/data.types';
import { asProblem } from '../api/problem';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { refusalOf } from './refusals';
import { refusalWords } from './words';

export interface Said {
  /** By column. */
  fields: Record<string, string>;
  /** What is about none of the fields that are on the screen. */
  general: string | null;
}

/** The database's answer in words, at the fields it is about. */
export function useRefusal(relation: DataRelation) {
  const t = useT();
  const plain = usePlainT();
  return useCallback(
    (error: unknown, sent: DataRow, fields: readonly string[] = Object.keys(sent)): Said => {
      if (!error) return { fields: {}, general: null };
      const refusal = refusalOf(error, relation, sent);
      const known = refusalWords[refusal.kind];
      const words =
        refusal.kind === 'check' && refusal.rule
          ? t('data.refused.check', { rule: refusal.text ?? refusal.rule })
          : known
            ? plain(known)
            : asProblem(error).offline
              ? t('state.error.offline')
              : [refusal.message ?? t('state.error.other'), refusal.hint].filter(Boolean).join(' ');
      const at = Object.fromEntries(refusal.columns.filter((column) => fields.includes(column)).map((column) => [column, words]));
      if (Object.keys(at).length > 0) return { fields: at, general: null };
      const about = refusal.columns.length > 0 && refusal.kind !== 'check' ? `${refusal.columns.join(', ')}: ` : '';
      return { fields: {}, general: about + words };
    },
    [relation, t, plain],
  );
}
