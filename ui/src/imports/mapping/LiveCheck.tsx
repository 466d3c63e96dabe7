import { SegmentedControl, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { ImportCheck, ImportField, ImportPreview } from '../../api/imports.types';
import { asProblem } from '../../api/problem';
import { useAnnounceChange } from '../../components/Announcer';
import { Card } from '../../components/Card';
import { ErrorState } from '../../components/PageState';
import { PlainTable } from '../../components/table/PlainTable';
import { useT } from '../../i18n/I18n';
import { CheckedRows } from './CheckedRows';
import classes from './Mapping.module.css';

interface LiveCheckProps {
  kind: string;
  check: UseQueryResult<ImportCheck>;
  preview: ImportPreview;
  fields: ImportField[];
}

/** The first records as they would be read, or as they stand in the file. */
export function LiveCheck({ kind, check, preview, fields }: LiveCheckProps) {
  const t = useT();
  const [view, setView] = useState('read');
  const faulty = Object.keys(check.data?.problems ?? {}).length > 0;
  // A mapping with faults reads nothing: what was read before stays to be compared with.
  const [read, setRead] = useState<ImportCheck['rows']>();
  if (check.data && !faulty && check.data.rows !== read) setRead(check.data.rows);
  const rows = faulty ? read : check.data?.rows;
  const bad = rows?.filter((row) => !row.ok).length ?? 0;
  const invalid = faulty || (check.isError && asProblem(check.error).status === 400);
  const verdict = invalid
    ? [t('mapping.invalid'), rows && t('mapping.readBefore')].filter(Boolean).join(' ')
    : !rows
      ? null
      : bad === 0
        ? t('mapping.allGood', { count: rows.length })
        : t('mapping.someBad', { count: bad, all: rows.length });
  useAnnounceChange(check.isFetching ? null : verdict);
  return (
    <Card
      title={t('mapping.check')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('mapping.check')}
          value={view}
          onChange={setView}
          data={[
            { value: 'read', label: t('mapping.asRead') },
            { value: 'file', label: t('mapping.inFile') },
          ]}
        />
      }
    >
      {view === 'file' ? (
        <PlainTable
          label={t('mapping.inFile')}
          maxHeight={620}
          columns={preview.columns.map((column) => ({ label: column }))}
          rows={preview.rows.map((row) => row.map((cell) => <span className={classes.cell}>{cell}</span>))}
        />
      ) : check.isError && !invalid ? (
        <ErrorState what={t('mapping.checkFailed')} error={check.error} retry={() => void check.refetch()} />
      ) : !rows && !invalid ? (
        <Skeleton h={420} />
      ) : (
        <div data-stale={check.isPlaceholderData || undefined} className={classes.checked}>
          <p className={classes.verdict} data-bad={invalid || bad > 0 || undefined}>
            {verdict}
          </p>
          {rows && <CheckedRows kind={kind} rows={rows} fields={fields} />}
        </div>
      )}
    </Card>
  );
}
