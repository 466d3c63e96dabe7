import type { Json, Setting } from '../api/operate.types';
import type { Translate } from '../i18n/I18n';

export const shownValue = (t: Translate, value: Json) =>
  value === true ? t('setting.on') : value === false ? t('setting.off') : typeof value === 'string' ? value : JSON.stringify(value);

/** How a value stands in its field: text as it is, everything else as JSON. */
export const asTyped = ({ value, dataType }: Pick<Setting, 'value' | 'dataType'>) =>
  value === null ? '' : dataType === 'string' && typeof value === 'string' ? value : JSON.stringify(value);

/** What was typed, as a value of the setting's type; undefined when it is none. */
export function fromTyped(typed: string, dataType: Setting['dataType']): Json | undefined {
  if (dataType === 'string') return typed;
  try {
    return JSON.parse(typed) as Json;
  } catch {
    return undefined;
  }
}

/** What its rules ask for, in the words of the catalogue. */
export function rulesOf(t: Translate, { min_value: min, max_value: max }: Setting['rules']) {
  if (min !== undefined && max !== undefined) return t('setting.between', { min: String(min), max: String(max) });
  if (min !== undefined) return t('setting.atLeast', { min: String(min) });
  if (max !== undefined) return t('setting.atMost', { max: String(max) });
  return undefined;
}
