import { Progress } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Import } from '../api/imports.types';
import type { Column } from '../components/table/columns';
import { Nothing, Num, When } from '../components/Values';
import { useFormat, useT, useWordFor } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Imports.module.css';
import { ImportStateBadge } from './ImportStateBadge';
import { kindNames } from './kinds';
import { isRunning } from './states';

function State({ item }: { item: Import }) {
  const format = useFormat();
  return (
    <span className={classes.mini}>
      <ImportStateBadge state={item.state} />
      {isRunning(item) && (
        <>
          <Progress value={item.progress * 100} w={64} size="sm" aria-label={item.fileName} />
          <span className="figure">{format.percent(item.progress, 0)}</span>
        </>
      )}
    </span>
  );
}

export function useImportColumns(): Column<Import>[] {
  const t = useT();
  const kind = useWordFor(kindNames);
  const { slug } = useOrganization();
  return useMemo(
    () => [
      {
        id: 'fileName',
        label: t('import.file'),
        phone: true,
        cell: (item) => (
          <Link to="/o/$slug/imports/$id" params={{ slug, id: item.id }} className={classes.link} tabIndex={-1}>
            {item.fileName}
          </Link>
        ),
      },
      { id: 'kind', label: t('imports.kind.short'), cell: (item) => kind(item.kind) },
      { id: 'state', label: t('import.state'), phone: true, cell: (item) => <State item={item} /> },
      {
        id: 'lines',
        label: t('import.lines'),
        align: 'right',
        cell: (item) => (item.state === 'uploaded' ? <Nothing /> : <Num value={item.lines} />),
      },
      { id: 'accepted', label: t('import.accepted'), align: 'right', cell: (item) => <Num value={item.accepted} /> },
      { id: 'rejected', label: t('import.rejected'), align: 'right', cell: (item) => <Num value={item.rejected} /> },
      { id: 'createdBy', label: t('import.by'), cell: (item) => item.createdBy ?? <Nothing /> },
      { id: 'createdAt', label: t('import.created'), align: 'right', cell: (item) => <When at={item.createdAt} /> },
    ],
    [t, kind, slug],
  );
}
