import { Alert, Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { importQuery } from '../api/queries';
import type { Import } from '../api/imports.types';
import { useAnnounceChange } from '../components/Announcer';
import { Card } from '../components/Card';
import { FactList } from '../components/FactList';
import { PageHeader, crumbClass } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { Nothing, When } from '../components/Values';
import { useFormat, useT, useWordFor } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { ImportActions } from './ImportActions';
import { ImportCounts } from './ImportCounts';
import { ImportProgress } from './ImportProgress';
import classes from './Imports.module.css';
import { ImportStateBadge } from './ImportStateBadge';
import { kindNames } from './kinds';
import { importStates, isRunning } from './states';
import { useRefreshAfter } from './useRefreshAfter';

export function ImportPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { id } = useParams({ from: '/o/$slug/imports/$id' });
  const query = useQuery({
    ...importQuery(slug, id),
    refetchInterval: ({ state }) => (state.data && isRunning(state.data) ? 1_000 : false),
  });
  const list = (
    <Link to="/o/$slug/imports" params={{ slug }} className={crumbClass}>
      {t('nav.imports')}
    </Link>
  );
  const item = query.data;
  useRefreshAfter(item);
  return (
    <>
      <PageHeader
        title={item?.fileName ?? t('import.one')}
        crumbs={[t('nav.collect'), list]}
        aside={item && <ImportStateBadge state={item.state} />}
        actions={item && <ImportActions item={item} />}
      />
      <div className={classes.body}>
        <QueryState query={query} failed={t('import.failed')} skeleton={<Waiting />}>
          {(loaded) => <Loaded item={loaded} />}
        </QueryState>
      </div>
    </>
  );
}

function Loaded({ item }: { item: Import }) {
  const t = useT();
  const format = useFormat();
  const word = useWordFor(importStates);
  const kind = useWordFor(kindNames);
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  useAnnounceChange(word(item.state));
  return (
    <>
      {item.problem && (
        <Alert color={item.state === 'failed' ? 'red' : 'yellow'} variant="light" title={t('import.problem')}>
          {item.problem}
        </Alert>
      )}
      {item.state === 'uploaded' && mayImport && (
        <Alert color="accent" variant="light" title={t('import.waiting.title')}>
          <p style={{ margin: '0 0 0.75rem' }}>{t('import.waiting.text')}</p>
          <Button
            size="xs"
            renderRoot={(props) => <Link to="/o/$slug/imports/new" params={{ slug }} search={{ import: item.id }} {...props} />}
          >
            {t('import.waiting.action')}
          </Button>
        </Alert>
      )}
      {isRunning(item) && <ImportProgress item={item} />}
      <div className={classes.split}>
        <Card title={t('import.result')}>
          <ImportCounts item={item} />
        </Card>
        <Card title={t('import.about')}>
          <FactList
            facts={[
              [t('imports.kind.short'), kind(item.kind)],
              [t('import.size'), format.bytes(item.fileSize)],
              [t('import.by'), item.createdBy ?? <Nothing />],
              [t('import.created'), <When at={item.createdAt} show="dateTime" />],
              [t('import.started'), <When at={item.startedAt} show="dateTime" />],
              [t('import.finished'), <When at={item.finishedAt} show="dateTime" />],
              [t('import.hash'), <span style={{ fontSize: '0.75rem' }}>{item.sha256}</span>],
            ]}
          />
        </Card>
      </div>
    </>
  );
}

function Waiting() {
  return (
    <div className={classes.split} aria-hidden="true">
      <Skeleton h={220} radius="md" />
      <Skeleton h={220} radius="md" />
    </div>
  );
}
