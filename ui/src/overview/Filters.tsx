import { SegmentedControl, Select, Switch } from '@mantine/core';
import type { Interval, Overview } from '../api/types';
import { CountryFilter } from '../components/CountryFilter';
import { DateRange } from '../components/date-range/DateRange';
import { useFormat, useT } from '../i18n/I18n';
import classes from './Overview.module.css';
import { intervals, type OverviewSearch } from './search';
import { usePlainT } from '../i18n/usePlainT';
import type { Key } from '../i18n/catalogue';

const intervalNames: Record<Interval, Key> = { day: 'interval.day', week: 'interval.week', month: 'interval.month' };

interface FiltersProps {
  overview: Overview;
  search: OverviewSearch;
  change: (next: OverviewSearch) => void;
}

export function Filters({ overview, search, change }: FiltersProps) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const { range, previousRange, dataRange, interval } = overview;
  const value = search.from && search.to ? { from: search.from, to: search.to } : { from: range.from, to: range.to };
  const compare = search.compare !== 'off';
  const options = intervals.map((option) => ({ value: option, label: plain(intervalNames[option]) }));
  const choose = (next: string | null) => next && change({ interval: next as Interval });
  return (
    <div className={classes.filters} role="group" aria-label={t('overview.filters')}>
      {/* Another range may want another interval: the server chooses again. */}
      <DateRange value={value} dataRange={dataRange} onChange={(next) => change({ ...next, interval: undefined })} />
      <SegmentedControl
        visibleFrom="sm"
        size="sm"
        aria-label={t('interval.label')}
        data={options}
        value={search.interval ?? interval}
        onChange={choose}
      />
      <Select
        hiddenFrom="sm"
        w={110}
        aria-label={t('interval.label')}
        data={options}
        value={search.interval ?? interval}
        onChange={choose}
        allowDeselect={false}
      />
      <CountryFilter value={search.country} onChange={(country) => change({ country })} />
      <Switch
        size="xs"
        label={t('overview.compare')}
        checked={compare}
        onChange={(event) => change({ compare: event.currentTarget.checked ? undefined : 'off' })}
      />
      {compare && (
        <span className={classes.compared}>
          {t('overview.comparedWith', { range: format.range(previousRange.from, previousRange.to) })}
        </span>
      )}
    </div>
  );
}
