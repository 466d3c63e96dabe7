import { Select, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { schemasQuery } from '../api/data';
import type { DataSchema, DataSchemas } from '../api/data.types';
import { useAnnounceChange } from '../components/Announcer';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Data.module.css';
import { schemaChoices, useSizes } from './RelationList';

/** Every table and view a person may see, by product or module. */
export function DataPage() {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(schemasQuery(slug));
  return (
    <>
      <PageHeader title={t('nav.browser')} crumbs={[t('nav.data')]} />
      <div className={classes.body}>
        <QueryState query={query} failed={t('data.failed')} skeleton={<TableSkeleton rows={12} />}>
          {(data) =>
            data.schemas.length === 0 ? (
              <EmptyState title={t('data.none.title')} why={t('data.none.text')} icon="lock" />
            ) : (
              <Schemas data={data} />
            )
          }
        </QueryState>
      </div>
    </>
  );
}

function Schemas({ data }: { data: DataSchemas }) {
  const t = useT();
  const { schema: asked, find = '' } = useSearch({ from: '/o/$slug/data' });
  const navigate = useNavigate({ from: '/o/$slug/data' });
  const usual = data.schemas.find((s) => s.name === data.usual) ?? data.schemas.find((s) => s.name === 'customers') ?? data.schemas[0]!;
  const schema = data.schemas.find((s) => s.name === asked) ?? usual;
  const word = find.trim().toLowerCase();
  const here = matching(schema, word);
  const elsewhere =
    word === ''
      ? []
      : data.schemas.filter((s) => s !== schema).flatMap((s) => matching(s, word).map((relation) => ({ schema: s, relation })));
  const count = t('data.tables.count', { count: here.length + elsewhere.length });
  useAnnounceChange(count);
  return (
    <>
      <div className={classes.bar} role="search" aria-label={t('data.tables')}>
        <Select
          aria-label={t('data.schema')}
          data={schemaChoices(data, { products: t('data.products'), modules: t('data.modules') })}
          value={schema.name}
          onChange={(next) => next && void navigate({ search: (now) => ({ ...now, schema: next }) })}
          allowDeselect={false}
          searchable
          maxDropdownHeight={420}
        />
        <TextInput
          className={classes.find}
          aria-label={t('data.find')}
          placeholder={t('data.find')}
          leftSection={<Icon name="search" />}
          value={find}
          onChange={(event) => {
            const next = event.currentTarget.value;
            void navigate({ search: (now) => ({ ...now, find: next || undefined }), replace: true });
          }}
        />
        <Text size="sm" c="dimmed">
          {count}
        </Text>
      </div>
      {schema.comment && (
        <Text size="sm" c="dimmed">
          {schema.comment}
        </Text>
      )}
      <List schema={schema} relations={here} />
      {elsewhere.length > 0 && (
        <section aria-label={t('data.elsewhere')}>
          <Text fw={600} size="sm" mb={6}>
            {t('data.elsewhere')}
          </Text>
          <ul className={classes.links}>
            {elsewhere.slice(0, 60).map(({ schema: other, relation }) => (
              <li key={`${other.name}.${relation.name}`}>
                <TableLink schema={other.name} name={relation.name} shown={`${other.name}.${relation.name}`} />
                <span className={classes.quiet}>{firstSentence(relation.comment)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {here.length + elsewhere.length === 0 && (
        <EmptyState title={t('data.nothing.title', { find })} why={t('data.nothing.text')} icon="search" />
      )}
    </>
  );
}

const matching = (schema: DataSchema, word: string) => schema.relations.filter((relation) => relation.name.includes(word));

const firstSentence = (comment: string | null) => comment?.split(/(?<=\.)\s/)[0] ?? '';

function TableLink({ schema, name, shown = name }: { schema: string; name: string; shown?: string }) {
  const { slug } = useOrganization();
  return (
    <Link to="/o/$slug/data/$schema/$relation" params={{ slug, schema, relation: name }} search={{}} className={classes.tableLink}>
      {shown}
    </Link>
  );
}

function List({ schema, relations }: { schema: DataSchema; relations: DataSchema['relations'] }) {
  const t = useT();
  const sizes = useSizes(schema.name);
  if (relations.length === 0) return null;
  return (
    <div className={classes.tables}>
      <table aria-label={schema.name}>
        <thead>
          <tr>
            <th scope="col">{t('data.name')}</th>
            <th scope="col" data-wide>
              {t('data.about.column')}
            </th>
            <th scope="col" data-wide>
              {t('data.kind')}
            </th>
            <th scope="col" data-align="right">
              {t('data.rows')}
            </th>
          </tr>
        </thead>
        <tbody>
          {relations.map((relation) => {
            const size = sizes(relation.name);
            return (
              <tr key={relation.name}>
                <td>
                  <TableLink schema={schema.name} name={relation.name} />
                </td>
                <td data-wide className={classes.aboutCell} title={relation.comment ?? undefined}>
                  {firstSentence(relation.comment)}
                </td>
                <td data-wide className={classes.quiet}>
                  {[relation.view ? t('data.view') : t('data.table'), relation.writable ? null : t('data.readOnly')]
                    .filter(Boolean)
                    .join(' · ')}
                </td>
                <td data-align="right" className="figure" title={size?.exact}>
                  {size?.text ?? '–'}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
