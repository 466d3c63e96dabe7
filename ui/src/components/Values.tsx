import { Tooltip, VisuallyHidden } from '@mantine/core';
import { useFormat, useT } from '../i18n/I18n';

/** A dash for the eye, a word for the ear. */
export function Nothing() {
  const t = useT();
  return (
    <span>
      <span aria-hidden="true">–</span>
      <VisuallyHidden>{t('value.none')}</VisuallyHidden>
    </span>
  );
}

function Shortened({ shown, exact }: { shown: string; exact: string }) {
  if (shown === exact) return <span className="figure">{exact}</span>;
  return (
    <Tooltip label={exact}>
      <span className="figure">
        <span aria-hidden="true">{shown}</span>
        <VisuallyHidden>{exact}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}

/** Money as it is written in the reader's language; shortened, it gives the exact amount on hover and to screen readers. */
export function Money({ value, currency, compact }: { value: number | null; currency?: string; compact?: boolean }) {
  const format = useFormat();
  if (value === null) return <Nothing />;
  const exact = format.money(value, currency);
  return <Shortened exact={exact} shown={compact ? format.moneyCompact(value, currency) : exact} />;
}

export function Num({ value, compact, digits = 0 }: { value: number | null; compact?: boolean; digits?: number }) {
  const format = useFormat();
  if (value === null) return <Nothing />;
  const exact = format.number(value, digits);
  return <Shortened exact={exact} shown={compact ? format.compact(value) : exact} />;
}

const year = 365 * 86_400_000;

/** How long ago, with the exact moment and its zone on hover. Beyond a year the date says more than "14 years ago". */
export function When({ at, show = 'relative' }: { at: string | null; show?: 'relative' | 'date' | 'dateTime' | 'time' }) {
  const format = useFormat();
  if (!at) return <Nothing />;
  const style = show === 'relative' && Date.now() - Date.parse(at) > year ? 'date' : show;
  return (
    <Tooltip label={`${format.exact(at)} (${format.zone})`}>
      <time dateTime={at} className="figure">
        {format[style](at)}
      </time>
    </Tooltip>
  );
}
