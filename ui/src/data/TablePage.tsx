import { ActionIcon, Alert, Button, Menu, Progress, Select, Text, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { relationQuery, rowsQuery, RestProblem } from '../api/data';
import type { DataRelation, DataRow } from '../api/data.types';
import { writeJson } from '../api/json';
import { asProblem } from '../api/problem';
import { useAnnounceChange } from '../components/Announcer';
import { CopyButton } from '../components/CopyButton';
import { Icon } from '../components/Icon';
import { crumbClass, PageHeader } from '../components/PageHeader';
import { EmptyState, ErrorState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { CallPanel } from './CallPanel';
import { ColumnsMenu } from './ColumnsMenu';
import classes from './Data.module.css';
import { DeleteRows } from './DeleteRows';
import { FilterBar } from './FilterBar';
import { toAddress } from './filters';
import { Grid } from './Grid';
import { ImportRows } from './ImportRows';
import { NewRow } from './NewRow';
import { RelationList } from './RelationList';
import { rowsRequest } from './request';
import { RowDrawer } from './RowDrawer';
import { countings, pageSizes, usualSize, type Counting, type TableSearch } from './search';
import { SortMenu } from './SortMenu';
import { useExport } from './useExport';
import { useWrites } from './useWrites';
import { keyText } from './values';
import { viewOf, writeSort, writeWidths } from './view';

const largestPage = 10_000;

/** One table or view: filter, sort, read and write its rows. The address holds all that is on the screen. */
export function TablePage() {
  const t = useT();
  const { slug } = useOrganization();
  const { schema, relation } = useParams({ from: '/o/$slug/data/$schema/$relation' });
  const query = useQuery(relationQuery(slug, schema, relation));
  const roomy = useMediaQuery('(min-width: 75em)', undefined, { getInitialValueInEffect: false });
  return (
    <div className={classes.page}>
      {roomy && <RelationList key={schema} schema={schema} relation={relation} />}
      <div className={classes.main}>
        {query.data ? (
          <Table key={`${schema}.${relation}`} relation={query.data} />
        ) : (
          <>
            <PageHeader title={relation} crumbs={[t('nav.data'), schema]} />
            <div className={classes.body}>
              <QueryState query={query} failed={t('data.table.failed')} skeleton={<TableSkeleton rows={14} density="compact" />}>
                {() => null}
              </QueryState>
            </div>
          </>
        )}
      </div>
    </div>
  );
}

function Table({ relation }: { relation: DataRelation }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const { administer } = usePermissions();
  const search = useSearch({ from: '/o/$slug/data/$schema/$relation' });
  const navigate = useNavigate({ from: '/o/$slug/data/$schema/$relation' });
  const view = viewOf(relation, search);
  const query = useQuery(rowsQuery(slug, rowsRequest(relation, view)));
  const writes = useWrites(relation);
  const exporting = useExport(relation, view);
  const [marked, setMarked] = useState<Set<string>>(new Set());
  const [removing, setRemoving] = useState<DataRow[] | null>(null);
  const [dialog, setDialog] = useState<'new' | 'import' | null>(null);
  const rows = query.data?.rows ?? [];
  const total = query.data?.total ?? null;
  // An estimate is a count as long as there are no more than a page of the API may have.
  const exact = view.counting === 'exact' || (total !== null && total <= largestPage);
  const counted =
    total === null
      ? null
      : exact
        ? t('data.rows.count', { count: total })
        : t('data.rows.about', { count: total, shown: format.compact(total) });
  useAnnounceChange(query.isPlaceholderData ? null : counted);

  const set = (next: TableSearch, replace = false) => void navigate({ search: (now) => ({ ...now, ...next }), replace });
  // Another question begins with its first page.
  const ask = (next: TableSearch) => {
    setMarked(new Set());
    set({ page: undefined, ...next });
  };
  // A page that is not there any more: the last rows of it were deleted, or the address is old.
  const beyond = query.error instanceof RestProblem && query.error.code === 'PGRST103' && view.page > 1;
  useEffect(() => {
    if (beyond) void navigate({ search: (now) => ({ ...now, page: undefined }), replace: true });
  }, [beyond, navigate]);

  const chosen = rows.filter((row) => marked.has(keyText(relation.key, row)));
  const first = (view.page - 1) * view.size;
  const hasNext = total === null ? rows.length === view.size : first + rows.length < total || (!exact && rows.length === view.size);
  const filtered = view.filters.length > 0;
  const why = relation.may.write
    ? relation.key.length === 0
      ? t('data.why.noKey')
      : null
    : !administer
      ? t('data.why.role')
      : relation.view
        ? t('data.why.view')
        : t('data.why.rights');
  const failed = asProblem(exporting.error).offline
    ? t('data.export.broken')
    : exporting.error instanceof RestProblem && exporting.error.hint
      ? `${exporting.error.detail ?? ''}. ${exporting.error.hint}`
      : undefined;
  const openRow = (key: string | undefined) => set({ row: key, part: key ? search.part : undefined });

  return (
    <>
      <PageHeader
        title={relation.name}
        crumbs={[
          <Link key="d" to="/o/$slug/data" params={{ slug }} search={{}} className={crumbClass}>
            {t('nav.browser')}
          </Link>,
          <Link key="s" to="/o/$slug/data" params={{ slug }} search={{ schema: relation.schema }} className={crumbClass}>
            {relation.schema}
          </Link>,
        ]}
        aside={counted && <span className={classes.quiet}>{counted}</span>}
        actions={
          <>
            <Button variant="default" onClick={() => set({ show: 'call' })}>
              {t('data.call')}
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" leftSection={<Icon name="download" />} disabled={exporting.state !== null}>
                  {t('data.export')}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{filtered ? t('data.export.filtered') : t('data.export.all')}</Menu.Label>
                <Menu.Item onClick={() => void exporting.run('csv')}>{t('data.export.csv')}</Menu.Item>
                <Menu.Item onClick={() => void exporting.run('json')}>{t('data.export.json')}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
            {relation.may.insert && (
              <>
                <Button variant="default" leftSection={<Icon name="upload" />} onClick={() => setDialog('import')}>
                  {t('data.import')}
                </Button>
                <Button leftSection={<Icon name="plus" />} onClick={() => setDialog('new')}>
                  {t('data.new')}
                </Button>
              </>
            )}
          </>
        }
      />
      <div className={classes.tableBody}>
        {relation.comment && <Text className={classes.about}>{relation.comment}</Text>}
        {why && <Text className={classes.why}>{why}</Text>}
        <div className={classes.bar}>
          {chosen.length > 0 ? (
            <>
              <Text size="sm" fw={600}>
                {t('data.marked', { count: chosen.length })}
              </Text>
              <CopyButton value={writeJson(chosen, 2)} label={t('data.copyRows')} />
              {relation.may.delete && (
                <Button variant="default" color="red" leftSection={<Icon name="trash" />} onClick={() => setRemoving(chosen)}>
                  {t('data.deleteRows', { count: chosen.length })}
                </Button>
              )}
              <Button variant="subtle" onClick={() => setMarked(new Set())}>
                {t('data.unmark')}
              </Button>
            </>
          ) : (
            <>
              <FilterBar
                relation={relation}
                filters={view.filters}
                match={view.match}
                change={(filters, match) => ask({ where: toAddress(filters), match: match === 'any' ? 'any' : undefined })}
              />
              <SortMenu relation={relation} sort={view.sort} change={(sort) => ask({ sort: writeSort(sort) })} />
            </>
          )}
          <div className={classes.barEnd}>
            <ColumnsMenu
              relation={relation}
              view={view}
              arrange={(columns, pinned) => set({ columns: columns?.join(','), pin: pinned?.join(',') || undefined }, true)}
            />
            <Tooltip label={t('data.refresh')}>
              <ActionIcon
                variant="default"
                size={30}
                aria-label={t('data.refresh')}
                loading={query.isFetching && !query.isPending}
                onClick={() => void query.refetch()}
              >
                <Icon name="refresh" />
              </ActionIcon>
            </Tooltip>
          </div>
        </div>
        {exporting.state && (
          <Alert
            p="xs"
            variant="light"
            title={t('data.export.running', { count: exporting.state.rows, size: format.bytes(exporting.state.bytes) })}
            withCloseButton
            closeButtonLabel={t('data.stop')}
            onClose={exporting.stop}
          >
            <Progress value={total ? Math.min(100, (100 * exporting.state.rows) / total) : 100} animated aria-label={t('data.export')} />
          </Alert>
        )}
        <ProblemAlert error={exporting.error} text={failed} />
        {query.isPending ? (
          <TableSkeleton rows={14} density="compact" />
        ) : query.isError && !query.data ? (
          <RowsError
            error={query.error}
            retry={() => void query.refetch()}
            clear={filtered ? () => ask({ where: undefined, match: undefined }) : undefined}
          />
        ) : rows.length === 0 ? (
          <EmptyState
            icon={filtered ? 'search' : 'empty'}
            title={filtered ? t('data.empty.filtered.title') : t('data.empty.title')}
            why={filtered ? t('data.empty.filtered.text') : relation.may.insert ? t('data.empty.text') : t('data.empty.readOnly')}
            action={
              filtered ? (
                <Button variant="default" onClick={() => ask({ where: undefined, match: undefined })}>
                  {t('data.filter.clear')}
                </Button>
              ) : (
                relation.may.insert && <Button onClick={() => setDialog('new')}>{t('data.new')}</Button>
              )
            }
          />
        ) : (
          <Grid
            relation={relation}
            view={view}
            rows={rows}
            total={total}
            marked={marked}
            mark={setMarked}
            opened={search.row}
            open={openRow}
            sortBy={(sort) => ask({ sort: writeSort(sort) })}
            arrange={(columns) => set({ columns: columns.join(',') }, true)}
            widen={(column, width) => set({ widths: writeWidths({ ...view.widths, [column]: width }) }, true)}
            writes={writes}
          />
        )}
        <div className={classes.pager}>
          <Select
            size="xs"
            w={130}
            aria-label={t('data.size')}
            data={pageSizes.map((size) => ({ value: String(size), label: t('data.size.rows', { count: size }) }))}
            value={String(view.size)}
            onChange={(size) => ask({ size: Number(size) === usualSize ? undefined : Number(size) })}
            allowDeselect={false}
          />
          <Select
            size="xs"
            w={170}
            aria-label={t('data.counting')}
            data={countings.map((counting) => ({
              value: counting,
              label: { estimated: t('data.counting.estimated'), exact: t('data.counting.exact'), none: t('data.counting.none') }[counting],
            }))}
            value={view.counting}
            onChange={(counting) => set({ count: counting === 'estimated' ? undefined : (counting as Counting) })}
            allowDeselect={false}
          />
          <span className={classes.quiet}>{rows.length > 0 && t('data.page.range', { from: first + 1, to: first + rows.length })}</span>
          <ActionIcon
            variant="default"
            size={30}
            aria-label={t('data.page.previous')}
            disabled={view.page === 1}
            onClick={() => set({ page: view.page > 2 ? view.page - 1 : undefined })}
          >
            <Icon name="chevronLeft" />
          </ActionIcon>
          <span className="figure">{t('data.page', { page: view.page })}</span>
          <ActionIcon
            variant="default"
            size={30}
            aria-label={t('data.page.next')}
            disabled={!hasNext}
            onClick={() => set({ page: view.page + 1 })}
          >
            <Icon name="chevronRight" />
          </ActionIcon>
        </div>
      </div>
      {search.row !== undefined && relation.key.length > 0 && (
        <RowDrawer
          key={search.row}
          relation={relation}
          id={search.row}
          tab={search.part ?? 'fields'}
          setTab={(tab) => set({ part: tab === 'fields' ? undefined : tab }, true)}
          close={() => openRow(undefined)}
          remove={(row) => setRemoving([row])}
          writes={writes}
        />
      )}
      {dialog === 'new' && <NewRow relation={relation} writes={writes} close={() => setDialog(null)} />}
      {dialog === 'import' && <ImportRows relation={relation} close={() => setDialog(null)} />}
      {removing && (
        <DeleteRows
          relation={relation}
          rows={removing}
          writes={writes}
          close={() => setRemoving(null)}
          done={() => {
            setRemoving(null);
            setMarked(new Set());
            if (search.row !== undefined) openRow(undefined);
          }}
        />
      )}
      {search.show === 'call' && <CallPanel relation={relation} view={view} close={() => set({ show: undefined })} />}
    </>
  );
}

/** A question the database cannot answer, or will not for its cost: what to change is in its own words. */
function RowsError({ error, retry, clear }: { error: unknown; retry: () => void; clear?: () => void }) {
  const t = useT();
  const hint = error instanceof RestProblem ? error.hint : null;
  return (
    <div>
      <ErrorState what={t('data.rows.failed')} error={error} retry={retry} />
      {(hint || clear) && (
        <div className={classes.errorMore}>
          {hint && <Text size="sm">{hint}</Text>}
          {clear && (
            <Button variant="subtle" onClick={clear}>
              {t('data.filter.clear')}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
