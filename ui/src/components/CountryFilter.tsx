import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { countriesQuery } from '../api/queries';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';

interface CountryFilterProps {
  value: string | undefined;
  onChange: (country: string | undefined) => void;
}

export function CountryFilter({ value, onChange }: CountryFilterProps) {
  const t = useT();
  const { slug } = useOrganization();
  const { data = [] } = useQuery(countriesQuery(slug));
  // A shared address may name a country that is not, or not yet, in the list.
  const options = value && !data.includes(value) ? [value, ...data] : data;
  return (
    <Select
      w={190}
      searchable
      clearable
      data={options}
      value={value ?? null}
      onChange={(country) => onChange(country ?? undefined)}
      placeholder={t('country.all')}
      aria-label={t('country.label')}
      nothingFoundMessage={t('country.none')}
      clearButtonProps={{ 'aria-label': t('country.clear') }}
    />
  );
}
