import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { schemasQuery, sizesQuery } from '../api/data';
import type { DataSchemas } from '../api/data.types';
import { Icon } from '../components/Icon';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Data.module.css';

/** Products first: they are what most people mean. */
export const schemaChoices = (data: DataSchemas, words: { products: string; modules: string }) =>
  [
    { group: words.products, items: data.schemas.filter((schema) => schema.blueprint).map((schema) => schema.name) },
    { group: words.modules, items: data.schemas.filter((schema) => !schema.blueprint).map((schema) => schema.name) },
  ].filter((group) => group.items.length > 0);

export function useSizes(schema: string | undefined) {
  const { slug } = useOrganization();
  const t = useT();
  const format = useFormat();
  const { data } = useQuery({ ...sizesQuery(slug, schema ?? ''), enabled: schema !== undefined });
  return (name: string): { text: string; exact: string } | null => {
    const size = data?.relations.find((relation) => relation.name === name);
    if (!size || size.rows === null) return null;
    const text = format.compact(size.rows);
    return { text: size.exact ? text : t('data.about', { shown: text }), exact: format.number(size.rows) };
  };
}

/** The tables beside the one that is open. */
export function RelationList({ schema, relation }: { schema: string; relation: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const { data } = useQuery(schemasQuery(slug));
  const [chosen, setChosen] = useState(schema);
  const [find, setFind] = useState('');
  const sizes = useSizes(chosen);
  const relations = (data?.schemas.find((s) => s.name === chosen)?.relations ?? []).filter((r) =>
    r.name.includes(find.trim().toLowerCase()),
  );
  return (
    <nav className={classes.side} aria-label={t('data.tables')}>
      <Select
        size="xs"
        aria-label={t('data.schema')}
        data={data ? schemaChoices(data, { products: t('data.products'), modules: t('data.modules') }) : []}
        value={chosen}
        onChange={(next) => next && setChosen(next)}
        allowDeselect={false}
        searchable
        maxDropdownHeight={420}
      />
      <TextInput
        size="xs"
        aria-label={t('data.find')}
        placeholder={t('data.find')}
        leftSection={<Icon name="search" size={14} />}
        value={find}
        onChange={(event) => setFind(event.currentTarget.value)}
      />
      <ul className={classes.sideList}>
        {relations.map((item) => (
          <li key={item.name}>
            <Link
              to="/o/$slug/data/$schema/$relation"
              params={{ slug, schema: chosen, relation: item.name }}
              search={{}}
              className={classes.sideLink}
              data-active={(chosen === schema && item.name === relation) || undefined}
              aria-current={chosen === schema && item.name === relation ? 'page' : undefined}
            >
              <Icon name={item.view ? 'eye' : 'table'} size={14} />
              <span className={classes.sideName}>{item.name}</span>
              <span className={classes.sideCount}>{sizes(item.name)?.text}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
