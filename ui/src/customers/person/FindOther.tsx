import { Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { customersQuery } from '../../api/queries';
import type { Customer } from '../../api/types';
import { useAnnounceChange } from '../../components/Announcer';
import { Icon } from '../../components/Icon';
import { ErrorState } from '../../components/PageState';
import { Money } from '../../components/Values';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { customerName, isErased } from '../words';
import classes from './Person.module.css';

interface FindOtherProps {
  customer: Customer;
  choose: (id: string) => void;
}

/** The search of the list; like the palette, the focus stays in the field and the arrows move the choice. Those of the same name come first. */
export function FindOther({ customer, choose }: FindOtherProps) {
  const t = useT();
  const { slug } = useOrganization();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState(customer.name ?? '');
  const [chosen, setChosen] = useState(0);
  const [search] = useDebouncedValue(text.trim(), 250);
  const query = useInfiniteQuery(customersQuery(slug, { search: search || undefined }));
  const page = query.data?.pages[0];
  const found = (page?.items ?? []).filter((one) => one.id !== customer.id && !isErased(one));
  const at = Math.min(chosen, found.length - 1);
  const optionId = (index: number) => `${listId}-${index}`;
  useAnnounceChange(query.isPending || query.isPlaceholderData ? null : t('merge.found', { count: found.length }));

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 };
    const next = moves[event.key];
    if (next !== undefined && found.length > 0) {
      event.preventDefault();
      setChosen((next + found.length) % found.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const one = found[at];
      if (one) choose(one.id);
    }
  };

  return (
    <Stack gap="sm" className={classes.find}>
      <Text size="sm" c="dimmed">
        {t('merge.find.text', { name: customerName(customer) })}
      </Text>
      <TextInput
        data-autofocus
        leftSection={<Icon name="search" />}
        placeholder={t('customers.search')}
        aria-label={t('customers.search')}
        value={text}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 ? optionId(at) : undefined}
      />
      <div ref={list} id={listId} role="listbox" aria-label={t('merge.find.list')} className={classes.list}>
        {found.map((one, index) => (
          <div
            key={one.id}
            id={optionId(index)}
            role="option"
            aria-selected={index === at}
            className={classes.option}
            onClick={() => choose(one.id)}
            onMouseMove={() => setChosen(index)}
          >
            <span className={classes.optionName}>{customerName(one)}</span>
            <span className={classes.optionValue}>
              <Money value={one.revenue} currency={one.currency} />
            </span>
            <span className={classes.optionHint}>{hintOf(one)}</span>
            <span className={classes.optionHint}>{t('merge.orders', { count: one.orders })}</span>
          </div>
        ))}
      </div>
      {query.isPending && <Waiting />}
      {query.isError && !query.data && <ErrorState what={t('customers.failed')} error={query.error} retry={() => void query.refetch()} />}
      {page && found.length === 0 && (
        <Text c="dimmed" py="md">
          {t('merge.nobody')}
        </Text>
      )}
      {query.hasNextPage && (
        <Text size="xs" c="dimmed">
          {t('merge.find.more')}
        </Text>
      )}
    </Stack>
  );
}

const hintOf = (one: Customer) =>
  [one.externalId, one.email, [one.city, one.country].filter(Boolean).join(', ')]
    .filter((part) => part && part !== customerName(one))
    .join(' · ');

function Waiting() {
  return (
    <div aria-hidden="true">
      {Array.from({ length: 5 }, (_, i) => (
        <Skeleton key={i} h={40} mb={8} />
      ))}
    </div>
  );
}
