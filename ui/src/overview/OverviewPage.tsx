import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { overviewQuery } from '../api/queries';
import type { Overview } from '../api/types';
import { useAnnounceChange } from '../components/Announcer';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { CountriesCard } from './CountriesCard';
import { FigureTiles } from './FigureTiles';
import { Filters } from './Filters';
import { NewestEvents } from './NewestEvents';
import classes from './Overview.module.css';
import { OverviewSkeleton } from './OverviewSkeleton';
import { ProductsCard } from './ProductsCard';
import type { OverviewSearch } from './search';
import { TrendCard } from './TrendCard';

export function OverviewPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { from, to, interval, country, ...view } = useSearch({ from: '/o/$slug/overview' });
  const navigate = useNavigate({ from: '/o/$slug/overview' });
  const query = useQuery(overviewQuery(slug, { from, to, interval, country }));
  const change = useCallback(
    (next: OverviewSearch) => void navigate({ search: (now) => ({ ...now, ...next }), resetScroll: false }),
    [navigate],
  );
  return (
    <>
      <PageHeader title={t('nav.overview')} crumbs={[t('nav.home')]} />
      <div className={classes.page} aria-busy={query.isFetching}>
        <QueryState query={query} failed={t('overview.failed')} skeleton={<OverviewSkeleton />}>
          {(overview) =>
            overview.dataRange === null ? (
              <NoOrdersYet />
            ) : (
              <Loaded
                overview={overview}
                search={{ from, to, interval, country, ...view }}
                change={change}
                stale={query.isPlaceholderData}
              />
            )
          }
        </QueryState>
      </div>
    </>
  );
}

interface LoadedProps {
  overview: Overview;
  search: OverviewSearch;
  change: (next: OverviewSearch) => void;
  /** What is shown belongs to the filters before; the new figures are on their way. */
  stale: boolean;
}

function Loaded({ overview, search, change, stale }: LoadedProps) {
  const t = useT();
  const format = useFormat();
  const compare = search.compare !== 'off';
  useAnnounceChange(
    stale
      ? null
      : t('overview.announce', {
          range: format.range(overview.range.from, overview.range.to),
          revenue: format.money(overview.current.revenue, overview.currency),
          orders: format.number(overview.current.orders),
        }),
  );
  return (
    <>
      <Filters overview={overview} search={search} change={change} />
      <div className={classes.content} data-stale={stale || undefined}>
        <FigureTiles overview={overview} metric={search.metric ?? 'revenue'} compare={compare} onMetric={(metric) => change({ metric })} />
        <div className={classes.split}>
          <TrendCard
            overview={overview}
            metric={search.metric ?? 'revenue'}
            compare={compare}
            view={search.view ?? 'chart'}
            onView={(view) => change({ view: view === 'table' ? 'table' : undefined })}
          />
          <CountriesCard
            range={overview.range}
            countries={overview.countries}
            selected={search.country}
            onSelect={(country) => change({ country })}
          />
        </div>
        <div className={classes.split}>
          <ProductsCard products={overview.products} />
          <NewestEvents />
        </div>
      </div>
    </>
  );
}

function NoOrdersYet() {
  const t = useT();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  return (
    <EmptyState
      icon="overview"
      title={t('overview.empty.title')}
      why={mayImport ? t('overview.empty.text') : t('overview.empty.ask')}
      action={
        mayImport && (
          <Button renderRoot={(props) => <Link to="/o/$slug/imports/new" params={{ slug }} {...props} />}>{t('imports.new.action')}</Button>
        )
      }
    />
  );
}
