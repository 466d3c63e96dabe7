import '@mantine/dates/styles.css';
import 'dayjs/locale/fr';
import { Button, Text, UnstyledButton } from '@mantine/core';
import { DatePicker, DatesProvider } from '@mantine/dates';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import type { DayRange } from '../../api/types';
import { useFormat, useI18n } from '../../i18n/I18n';
import { dayIn } from '../../i18n/plain-date';
import { usePlainT } from '../../i18n/usePlainT';
import classes from './DateRange.module.css';
import { anchorDay, presetsFor } from './presets';

interface DateRangePanelProps {
  value: DayRange;
  dataRange: DayRange | null;
  onChoose: (range: DayRange) => void;
}

/** Weeks begin where the reader's do. */
function firstDayOfWeek(locale: string): 0 | 1 | 6 {
  const info = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?: () => { firstDay: number } };
  const day = info.getWeekInfo?.().firstDay ?? 1;
  return day === 7 ? 0 : day === 6 ? 6 : 1;
}

export default function DateRangePanel({ value, dataRange, onChoose }: DateRangePanelProps) {
  const { t, language, locale } = useI18n();
  const plain = usePlainT();
  const format = useFormat();
  const wide = useMediaQuery('(min-width: 48em)', undefined, { getInitialValueInEffect: false });
  const [draft, setDraft] = useState<[string | null, string | null]>([value.from, value.to]);
  const today = dayIn(format.zone);
  const anchor = anchorDay(today, dataRange);
  const [from, to] = draft;
  return (
    <div className={classes.panel}>
      <ul className={classes.presets} aria-label={t('range.presets')}>
        {presetsFor(anchor, dataRange).map((preset) => (
          <li key={preset.id}>
            <UnstyledButton
              className={classes.preset}
              aria-pressed={preset.range.from === value.from && preset.range.to === value.to}
              onClick={() => onChoose(preset.range)}
            >
              {plain(preset.label)}
            </UnstyledButton>
          </li>
        ))}
      </ul>
      <div className={classes.calendar}>
        <DatesProvider settings={{ locale: language, firstDayOfWeek: firstDayOfWeek(locale) }}>
          <DatePicker
            type="range"
            size="sm"
            value={draft}
            onChange={setDraft}
            defaultDate={wide ? value.from : value.to}
            numberOfColumns={wide ? 2 : 1}
            maxDate={today > value.to ? today : value.to}
            allowSingleDateInRange
            hideOutsideDates
            ariaLabels={{ previousMonth: t('range.previousMonth'), nextMonth: t('range.nextMonth') }}
          />
        </DatesProvider>
        <div className={classes.foot}>
          <Text size="xs" c="dimmed" maw={320}>
            {t('range.zone', { zone: format.zone })}
            {anchor !== today && ` ${t('range.anchor', { day: format.day(anchor) })}`}
          </Text>
          <Button size="xs" disabled={!from || !to} onClick={() => from && to && onChoose({ from, to })}>
            {t('action.apply')}
          </Button>
        </div>
      </div>
    </div>
  );
}
