import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import type { Customer } from '../api/types';
import { CountryFilter } from '../components/CountryFilter';
import { Icon } from '../components/Icon';
import type { Column } from '../components/table/columns';
import type { TableView } from '../components/table/useTableView';
import { ViewMenu } from '../components/table/ViewMenu';
import { useT } from '../i18n/I18n';
import classes from './Customers.module.css';
import type { CustomersSearch } from './search';

interface CustomersFiltersProps {
  search: string | undefined;
  country: string | undefined;
  change: (next: CustomersSearch) => void;
  columns: Column<Customer>[];
  view: TableView<Customer>;
}

export function CustomersFilters({ search = '', country, change, columns, view }: CustomersFiltersProps) {
  const t = useT();
  const [text, setText] = useState(search);
  const sent = useRef(search);
  const send = useDebouncedCallback((value: string) => {
    sent.current = value.trim();
    change({ search: sent.current || undefined });
  }, 250);
  // The address may change without the field: back, forward, a cleared filter. Our own change comes back too, and is no news.
  useEffect(() => {
    if (search === sent.current) return;
    sent.current = search;
    setText(search);
  }, [search]);
  const type = (value: string) => {
    setText(value);
    send(value);
  };
  return (
    <div className={classes.filters} role="search" aria-label={t('nav.customers')}>
      <TextInput
        className={classes.search}
        leftSection={<Icon name="search" />}
        placeholder={t('customers.search')}
        aria-label={t('customers.search')}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
        rightSection={text && <CloseButton size="sm" aria-label={t('customers.clearSearch')} onClick={() => type('')} />}
      />
      <CountryFilter value={country} onChange={(next) => change({ country: next })} />
      <div className={classes.right}>
        <ViewMenu all={columns} view={view} />
      </div>
    </div>
  );
}
