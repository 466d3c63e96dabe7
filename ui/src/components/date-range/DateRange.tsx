import { Button, Popover } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import type { DayRange } from '../../api/types';
import { useFormat, useT } from '../../i18n/I18n';
import { Icon } from '../Icon';

const DateRangePanel = lazy(() => import('./DateRangePanel'));

interface DateRangeProps {
  value: DayRange;
  dataRange: DayRange | null;
  onChange: (range: DayRange) => void;
}

/** A range of days in the organization's zone: presets and a calendar, which is only loaded when it is opened. */
export function DateRange({ value, dataRange, onChange }: DateRangeProps) {
  const t = useT();
  const format = useFormat();
  const [opened, panel] = useDisclosure(false);
  const shown = format.range(value.from, value.to);
  const choose = (range: DayRange) => {
    panel.close();
    onChange(range);
  };
  return (
    <Popover opened={opened} onChange={(open) => (open ? panel.open() : panel.close())} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          onClick={panel.toggle}
          leftSection={<Icon name="calendar" />}
          rightSection={<Icon name="chevronDown" size={14} />}
          aria-label={t('range.button', { range: shown })}
        >
          {shown}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={t('range.title')}>
        <Suspense>
          <DateRangePanel value={value} dataRange={dataRange} onChoose={choose} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
