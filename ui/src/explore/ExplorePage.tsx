import { Alert, Button, SegmentedControl, Select, Switch } from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { vocabularyQuery } from '../api/analytics';
import { kinds, questionIntervals, type Kind, type Pick, type QuestionInterval, type Vocabulary } from '../api/analytics.types';
import { asProblem } from '../api/problem';
import type { DayRange } from '../api/types';
import { Card } from '../components/Card';
import type { ChartView } from '../components/chart/ChartCard';
import { CopyButton } from '../components/CopyButton';
import { DateRange } from '../components/date-range/DateRange';
import { anchorDay, presetsFor } from '../components/date-range/presets';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, PageState, QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { addDays, dayIn, daysBetween } from '../i18n/plain-date';
import { useOrganization } from '../shell/organization';
import { stringifySearch } from '../shell/search-params';
import { AnswerPanel } from './AnswerPanel';
import { pickTitle } from './answers';
import { Builder } from './builder/Builder';
import { CustomersDrawer } from './CustomersDrawer';
import { intervalOf, switchKind, toQuestion, waiting, type Draft } from './draft';
import { examplesFor } from './examples';
import { ExploreContext, useExplore } from './ExploreContext';
import classes from './Explore.module.css';
import { ExploreSkeleton } from './ExploreSkeleton';
import { readSearch, searchNames, writeSearch, type AddressFault, type ExploreSearch } from './search';
import { ShowAs } from './ShowAs';
import { useAnswer } from './useAnswer';
import { kindNames } from './kinds';
import { intervalNames, kindHints, useWords } from './words';

/** So long nothing is asked while somebody types. */
const restAfterTyping = 250;

/** Questions about what people do: the question on the left, its answer on the right, the whole of it in the address. */
export function ExplorePage() {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(vocabularyQuery(slug));
  const words = useWords(query.data);
  const building = query.isError && asProblem(query.error).code === 'timelines_building';
  const context = useMemo(() => (query.data ? { vocabulary: query.data, words } : null), [query.data, words]);
  return (
    <ExploreContext value={context}>
      <Header ready={context !== null} />
      <div className={classes.page}>
        {building ? (
          <PageState icon="overview" title={t('explore.building')}>
            <p className={classes.hint}>{asProblem(query.error).detail}</p>
          </PageState>
        ) : (
          <QueryState query={query} failed={t('explore.vocabularyFailed')} skeleton={<ExploreSkeleton />}>
            {(vocabulary) => (vocabulary.events.length === 0 ? <NothingYet /> : context && <Explore vocabulary={vocabulary} />)}
          </QueryState>
        )}
      </div>
    </ExploreContext>
  );
}

function Header({ ready }: { ready: boolean }) {
  const t = useT();
  // The address as it is when it is copied, which the router's is a moment later.
  const { href } = window.location;
  useSearch({ from: '/o/$slug/explore' });
  return (
    <PageHeader
      title={t('nav.explore')}
      crumbs={[t('nav.understand')]}
      actions={ready && <CopyButton value={href} label={t('explore.copyLink')} />}
    />
  );
}

function NothingYet() {
  const t = useT();
  const { slug } = useOrganization();
  return (
    <EmptyState
      icon="chart"
      title={t('explore.empty.title')}
      why={t('explore.empty.text')}
      action={<Button renderRoot={(props) => <Link to="/o/$slug/sources" params={{ slug }} {...props} />}>{t('live.empty.action')}</Button>}
    />
  );
}

/** The draft on the page is ahead of the address by a moment; whatever else changes the address, as going back does, wins. */
function useDraft() {
  const search = useSearch({ from: '/o/$slug/explore' });
  const navigate = useNavigate({ from: '/o/$slug/explore' });
  const read = useMemo(() => readSearch(search), [search]);
  const [draft, setDraft] = useState(read.draft);
  const own = useRef({ pending: new Set<string>(), last: stringifySearch(writeSearch(read.draft)) });
  useEffect(() => {
    const at = stringifySearch(writeSearch(read.draft));
    const { pending, last } = own.current;
    if (at === last) pending.clear();
    else if (!pending.has(at)) {
      own.current = { pending: new Set(), last: at };
      setDraft(read.draft);
    }
  }, [read.draft]);

  const change = useCallback(
    (next: Draft, typing?: boolean) => {
      setDraft(next);
      const address = writeSearch(next);
      const at = stringifySearch(address);
      own.current.pending.add(own.current.last).add(at);
      own.current.last = at;
      void navigate({
        search: (now) => ({ ...now, ...cleared, ...address, view: now.view, engine: now.engine }),
        replace: typing ?? false,
        resetScroll: false,
      });
    },
    [navigate],
  );
  const put = useCallback(
    (part: Partial<ExploreSearch>, replace = false) =>
      void navigate({ search: (now) => ({ ...now, ...part }), replace, resetScroll: false }),
    [navigate],
  );
  return { search, read, draft, change, put };
}

/** So many hours would be too many points. */
const mostDaysOfHours = 62;
const fitting = (interval: QuestionInterval | null, { from, to }: DayRange) =>
  interval === 'hour' && daysBetween(from, to) > mostDaysOfHours ? null : interval;

const cleared: ExploreSearch = Object.fromEntries(searchNames.map((name) => [name, undefined]));

function Explore({ vocabulary }: { vocabulary: Vocabulary }) {
  const { words } = useExplore();
  const { t, format, plain } = words;
  const { slug } = useOrganization();
  const { search, read, draft, change, put } = useDraft();
  const wide = useMediaQuery('(min-width: 62em)', undefined, { getInitialValueInEffect: false });
  const [opened, setOpened] = useState(false);
  const [showing, setShowing] = useState(false);

  const dataRange = useMemo(() => (vocabulary.from && vocabulary.to ? { from: vocabulary.from, to: vocabulary.to } : null), [vocabulary]);
  const usual = useMemo(
    () => presetsFor(anchorDay(dayIn(format.zone), dataRange), dataRange).find((preset) => preset.id === 'last30')!.range,
    [format.zone, dataRange],
  );
  const range = draft.range ?? usual;
  const question = toQuestion(draft, range);
  // What is typed rests for a moment before it is asked.
  const [asked] = useDebouncedValue(JSON.stringify(question), restAfterTyping);
  const settled = useMemo(() => JSON.parse(asked) as typeof question, [asked]);
  const answering = useAnswer(slug, settled, read.engine);
  const { data } = answering.query;

  const onPick = useCallback((pick: Pick) => put({ pick: JSON.stringify(pick) }), [put]);
  const pristine = search.kind === undefined && search.events === undefined;
  const unready = waiting(draft);
  const intervals = questionIntervals.filter((interval) => interval !== 'hour' || draft.kind === 'trend');
  const intervalChoices = intervals.map((value) => ({ value, label: plain(intervalNames[value]) }));
  const kindChoices = kinds.map((value) => ({ value, label: plain(kindNames[value]) }));
  const chooseKind = (kind: string | null) => kind && change(switchKind(draft, kind as Kind));
  const chooseInterval = (interval: string | null) => interval && change({ ...draft, interval: interval as QuestionInterval });
  const build = wide || opened;

  return (
    <>
      <div className={classes.kinds}>
        <SegmentedControl
          visibleFrom="md"
          size="sm"
          aria-label={t('explore.kind')}
          data={kindChoices}
          value={draft.kind}
          onChange={chooseKind}
        />
        <Select
          hiddenFrom="md"
          size="sm"
          aria-label={t('explore.kind')}
          data={kindChoices}
          value={draft.kind}
          onChange={chooseKind}
          allowDeselect={false}
        />
        <span className={classes.kindHint}>{plain(kindHints[draft.kind])}</span>
      </div>
      <div className={classes.toolbar} role="group" aria-label={t('explore.toolbar')}>
        <DateRange
          value={range}
          dataRange={dataRange}
          onChange={(next) => change({ ...draft, range: next, interval: fitting(draft.interval, next) })}
        />
        {draft.kind !== 'funnel' && draft.kind !== 'paths' && (
          <>
            <SegmentedControl
              visibleFrom="sm"
              size="sm"
              aria-label={t('interval.label')}
              data={intervalChoices}
              value={intervalOf(draft)}
              onChange={chooseInterval}
            />
            <Select
              hiddenFrom="sm"
              w={110}
              aria-label={t('interval.label')}
              data={intervalChoices}
              value={intervalOf(draft)}
              onChange={chooseInterval}
              allowDeselect={false}
            />
          </>
        )}
        {(draft.kind === 'trend' || draft.kind === 'funnel') && (
          <Switch
            size="xs"
            label={t('explore.compare')}
            checked={draft.compare}
            onChange={(event) => change({ ...draft, compare: event.currentTarget.checked })}
          />
        )}
        {(draft.kind === 'trend' || draft.kind === 'funnel') && draft.compare && (
          <span className={classes.kindHint}>
            {t('overview.comparedWith', {
              range: format.range(addDays(range.from, -daysBetween(range.from, range.to)), addDays(range.from, -1)),
            })}
          </span>
        )}
        <Button className={classes.last} variant="default" onClick={() => setShowing(true)}>
          {t('explore.as')}
        </Button>
      </div>

      <AddressFaults faults={read.faults} />
      {read.engine === 'sql' && (
        <Alert color="gray" variant="light" p="xs">
          <div className={classes.engine}>
            {t('explore.engineSql')}
            <Button size="compact-xs" variant="default" onClick={() => put({ engine: undefined })}>
              {t('explore.engineUsual')}
            </Button>
          </div>
        </Alert>
      )}
      {pristine && (
        <nav className={classes.examples} aria-label={t('explore.examples')}>
          <span>{t('explore.examples')}</span>
          {examplesFor(vocabulary, words).map((example) => (
            <Link key={example.label} to="/o/$slug/explore" params={{ slug }} search={writeSearch(example.draft)}>
              {example.label}
            </Link>
          ))}
        </nav>
      )}

      <div className={classes.split}>
        <div className={classes.build}>
          {!wide && (
            <Button
              fullWidth
              variant="default"
              aria-expanded={opened}
              rightSection={<Icon name="chevronDown" size={14} />}
              justify="space-between"
              onClick={() => setOpened(!opened)}
            >
              {opened ? t('explore.hideBuilder') : t('explore.showBuilder')}
            </Button>
          )}
          {build && (
            <Card>
              <div className={classes.builder} role="group" aria-label={t('explore.builder')}>
                <Builder draft={draft} onChange={change} />
              </div>
            </Card>
          )}
          {unready > 0 && <p className={classes.hint}>{t('explore.waiting', { count: unready })}</p>}
        </div>
        <AnswerPanel
          answering={answering}
          kind={draft.kind}
          view={read.view}
          onView={(view: ChartView) => put({ view: view === 'table' ? 'table' : undefined }, true)}
          onPick={onPick}
        />
      </div>

      {read.pick && (
        <CustomersDrawer
          question={settled}
          pick={read.pick}
          title={pickTitle(
            settled,
            read.pick,
            data?.answer.result.periods ?? null,
            data?.answer.result.cohorts?.find((cohort) => cohort.cohort === read.pick?.cohort)?.start,
            words,
          )}
          close={() => put({ pick: undefined })}
        />
      )}
      {showing && <ShowAs question={question} close={() => setShowing(false)} />}
    </>
  );
}

/** A link that was cut off or typed wrong: what could not be read is named, and was left out. */
function AddressFaults({ faults }: { faults: AddressFault[] }) {
  const { words } = useExplore();
  const { t } = words;
  if (faults.length === 0) return null;
  const say = ({ field, fault, value }: AddressFault) => {
    switch (fault) {
      case 'unknown':
        return t('explore.fault.unknown', { field });
      case 'word':
        return t('explore.fault.word', { field, value });
      case 'day':
        return t('explore.fault.day', { field, value });
      case 'order':
        return t('explore.fault.order', { field });
      case 'pair':
        return t('explore.fault.pair', { field });
      case 'number':
        return t('explore.fault.number', { field, value });
      case 'events':
        return t('explore.fault.events', { field, value });
      case 'json':
        return t('explore.fault.json', { field });
    }
  };
  return (
    <Alert color="yellow" variant="light" role="alert" title={t('explore.faults')} classNames={{ title: classes.warning }}>
      <ul className={classes.faults}>
        {faults.map((fault) => (
          <li key={`${fault.field} ${fault.fault}`}>{say(fault)}</li>
        ))}
      </ul>
    </Alert>
  );
}
