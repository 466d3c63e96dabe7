import { useState } from 'react';
import type { CountryRow, DayRange } from '../api/types';
import { BarList } from '../components/BarList';
import { ChartCard, type ChartView } from '../components/chart/ChartCard';
import type { ChartData } from '../components/chart/data';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { countriesOption } from './countries-option';
import classes from './Overview.module.css';

interface CountriesCardProps {
  countries: CountryRow[];
  range: DayRange;
  selected: string | undefined;
  onSelect: (country: string | undefined) => void;
}

export function CountriesCard({ countries, range, selected, onSelect }: CountriesCardProps) {
  const t = useT();
  const format = useFormat();
  const { name } = useOrganization();
  const [view, setView] = useState<ChartView>('chart');
  const nameOf = (row: CountryRow) => row.country ?? t('overview.otherCountries');
  const money = (value: unknown) => format.money(Number(value));
  const count = (value: unknown) => format.number(Number(value));
  const data: ChartData = {
    columns: [
      { label: t('country.label') },
      { label: t('metric.revenue'), align: 'right', show: money },
      { label: t('overview.share'), align: 'right', show: (value) => format.percent(Number(value)) },
      { label: t('metric.orders'), align: 'right', show: count },
      { label: t('metric.customers'), align: 'right', show: count },
    ],
    rows: countries.map((row) => [nameOf(row), row.revenue, row.share, row.orders, row.customers]),
  };
  return (
    <ChartCard
      title={t('overview.byCountry')}
      caption={`${name} · ${format.range(range.from, range.to)}`}
      fileName={`countries-${range.from}-${range.to}`}
      data={data}
      picture={(context) =>
        countriesOption(
          countries.map((row) => ({ name: nameOf(row), value: row.revenue })),
          format,
          context,
        )
      }
      view={view}
      onView={setView}
    >
      {countries.length === 0 && <p className={classes.nothing}>{t('overview.nothingInRange')}</p>}
      <BarList
        label={t('overview.byCountry')}
        items={countries.map((row) => ({
          key: row.country ?? '',
          name: nameOf(row),
          value: row.revenue,
          shown: format.moneyCompact(row.revenue),
          exact: format.money(row.revenue),
          note: format.percent(row.share),
          selected: row.country !== null && row.country === selected,
          onSelect: row.country === null ? undefined : () => onSelect(row.country === selected ? undefined : (row.country ?? undefined)),
        }))}
      />
    </ChartCard>
  );
}
