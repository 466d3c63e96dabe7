import type { ImportField } from '../../api/imports.types';
import { usePlainT } from '../../i18n/usePlainT';
import { fieldWords } from './words';

export function useFieldWords() {
  const t = usePlainT();
  return {
    label: ({ name, label }: Pick<ImportField, 'name' | 'label'>) => {
      const words = fieldWords[name];
      return words ? t(words.label) : label;
    },
    hint: ({ name, description }: ImportField) => {
      const words = fieldWords[name];
      return words ? t(words.hint) : description;
    },
  };
}
