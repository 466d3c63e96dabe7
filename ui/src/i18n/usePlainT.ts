import type { Key } from './catalogue';
import { useT } from './I18n';

/** For keys that come from a table and take no parameters. */
export const usePlainT = () => useT() as (key: Key) => string;
