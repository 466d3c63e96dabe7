import type { ImportField } from '../../api/imports.types';
import { usePlainT } from '../../i18n/usePlainT';
import { fieldWords } from './words';

/** What the console calls the fields of a kind. */
export function useFieldWords(kind: string) {
  const t = usePlainT();
  return {
    label: ({ name, label }: Pick<ImportField, 'name' | 'label'>) => {
      const words = fieldWords[kind]?.[name];
      return words ? t(words.label) : label;
    },
    hint: ({ name, description }: ImportField) => {
      const words = fieldWords[kind]?.[name];
      return words ? t(words.hint) : description;
    },
  };
}
