import { Alert, Button, Progress, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { timelinesQuery, type Answered } from '../api/analytics';
import { lifecycleStatuses, type Pick } from '../api/analytics.types';
import { asProblem } from '../api/problem';
import { useAnnounceChange } from '../components/Announcer';
import { Card } from '../components/Card';
import { Chart } from '../components/chart/Chart';
import { ChartCard, type ChartView } from '../components/chart/ChartCard';
import { Icon } from '../components/Icon';
import { EmptyState, ErrorState, PageState } from '../components/PageState';
import { dayIn } from '../i18n/plain-date';
import { useOrganization } from '../shell/organization';
import { figureOf } from './answers';
import { statusColors } from './answers/lifecycle';
import { CohortTable } from './CohortTable';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';
import { FigureTable } from './FigureTable';
import { LinesTable } from './LinesTable';
import type { useAnswer } from './useAnswer';
import { statusHints, statusNames } from './words';

interface AnswerPanelProps {
  answering: ReturnType<typeof useAnswer>;
  kind: string;
  view: ChartView;
  onView: (view: ChartView) => void;
  onPick: (pick: Pick) => void;
}

/** The answer beside the question: what was there stays, pale, until the next is there. */
export function AnswerPanel({ answering, kind, view, onView, onPick }: AnswerPanelProps) {
  const { words } = useExplore();
  const { t } = words;
  const { query, slow, progress, stop, stopped } = answering;
  // Another kind of answer is no stand-in: it would be drawn in the wrong form.
  const shown = query.data?.question.kind === kind ? query.data : undefined;
  return (
    <div className={classes.answer} aria-busy={query.isFetching}>
      <div className={classes.progress} data-shown={slow || undefined}>
        {slow && (
          <>
            <Progress
              className={classes.bar}
              size="sm"
              value={progress > 0 ? progress * 100 : 100}
              animated={progress === 0}
              striped={progress === 0}
              aria-label={t('explore.asking')}
            />
            <Button size="compact-xs" variant="default" onClick={stop}>
              {t('explore.stop')}
            </Button>
          </>
        )}
      </div>
      {query.isError && !query.isFetching ? (
        <Refused error={query.error} retry={() => void query.refetch()} />
      ) : stopped ? (
        <PageState
          icon="pause"
          title={t('explore.stopped')}
          action={<Button onClick={() => void query.refetch()}>{t('explore.again')}</Button>}
        >
          <p className={classes.hint}>{t('explore.stoppedWhy')}</p>
        </PageState>
      ) : shown ? (
        <div className={classes.shown} data-stale={query.isPlaceholderData || undefined}>
          <Shown answered={shown} stale={query.isPlaceholderData} view={view} onView={onView} onPick={onPick} />
          <Notes answered={shown} at={query.dataUpdatedAt} refresh={() => void query.refetch()} />
        </div>
      ) : (
        <Card>
          <div role="status" aria-label={t('state.loading')}>
            <Skeleton height={20} width={220} mb={16} />
            <Skeleton height={340} />
          </div>
        </Card>
      )}
    </div>
  );
}

/** What the server would not answer: each wrong part by its name. */
function Refused({ error, retry }: { error: unknown; retry: () => void }) {
  const { words } = useExplore();
  const { t } = words;
  const problem = asProblem(error);
  const fields = Object.entries(problem.fields);
  if (problem.code === 'timelines_building')
    return (
      <PageState icon="overview" title={t('explore.building')} action={<Button onClick={retry}>{t('explore.again')}</Button>}>
        <p className={classes.hint}>{problem.detail}</p>
      </PageState>
    );
  if (fields.length === 0) return <ErrorState what={t('explore.failed')} error={error} retry={retry} />;
  return (
    <Alert color="red" variant="light" role="alert" title={t('explore.refused')}>
      <ul className={classes.faults}>
        {fields.map(([field, messages]) => (
          <li key={field}>
            <code>{field}</code> {messages.join(' ')}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

interface ShownProps {
  answered: Answered;
  stale: boolean;
  view: ChartView;
  onView: (view: ChartView) => void;
  onPick: (pick: Pick) => void;
}

function Shown({ answered, stale, view, onView, onPick }: ShownProps) {
  const { words } = useExplore();
  const { t, format } = words;
  const { name } = useOrganization();
  const { question, answer } = answered;
  const today = dayIn(format.zone);
  const input = useMemo(() => ({ question, answer, words, today }), [question, answer, words, today]);
  const figure = useMemo(() => figureOf(input), [input]);
  useAnnounceChange(stale ? null : figure.empty ? t('explore.none') : figure.summary);
  const { drawing } = figure;
  if (figure.empty)
    return (
      <Card title={figure.title}>
        <EmptyState title={t('explore.none')} why={t('explore.noneWhy', { range: format.range(question.from, question.to) })} />
      </Card>
    );
  const table = <FigureTable figure={figure} onPick={onPick} />;
  return (
    <ChartCard
      title={figure.title}
      caption={`${name} · ${format.range(question.from, question.to)}`}
      fileName={`${question.kind}-${question.from}-${question.to}`}
      data={figure.data}
      picture={drawing?.picture?.option ?? drawing?.option ?? (() => ({}))}
      pictureHeight={drawing?.picture?.height}
      view={view}
      onView={onView}
      table={table}
    >
      <p className={classes.summary}>{figure.summary}</p>
      {drawing && (
        <div
          className={classes.scroll}
          tabIndex={drawing.minWidth ? 0 : undefined}
          role={drawing.minWidth ? 'group' : undefined}
          aria-label={drawing.minWidth ? figure.title : undefined}
        >
          <div style={{ minWidth: drawing.minWidth }}>
            <Chart
              option={drawing.option}
              description={drawing.description}
              height={drawing.height}
              onHit={
                question.kind === 'retention'
                  ? undefined
                  : (hit) => {
                      const pick = drawing.pickAt(hit);
                      if (pick) onPick(pick);
                    }
              }
            />
          </div>
        </div>
      )}
      {question.kind === 'trend' && <LinesTable input={input} title={figure.title} onPick={onPick} />}
      {question.kind === 'lifecycle' && <LifecycleLegend />}
      {question.kind === 'funnel' && <FigureTable figure={figure} onPick={onPick} maxHeight={420} />}
      {question.kind === 'retention' && (
        <CohortTable question={question} answer={answer} today={today} title={figure.title} onPick={onPick} />
      )}
      {figure.notes.map((note) => (
        <p key={note} className={classes.hint}>
          {note}
        </p>
      ))}
      <p className={classes.hint}>{question.kind === 'retention' ? t('explore.clickCell') : t('explore.click')}</p>
    </ChartCard>
  );
}

function LifecycleLegend() {
  const { words } = useExplore();
  return (
    <ul className={classes.statuses}>
      {lifecycleStatuses.map((status) => (
        <li key={status}>
          <span style={{ background: statusColors[status] }} aria-hidden="true" />
          {words.plain(statusNames[status])}
          <small>{words.plain(statusHints[status])}</small>
        </li>
      ))}
    </ul>
  );
}

/** Who answered, how fresh it is, and that nothing was left out. */
function Notes({ answered, at, refresh }: { answered: Answered; at: number; refresh: () => void }) {
  const { words } = useExplore();
  const { t, format } = words;
  const { slug } = useOrganization();
  const { data: status } = useQuery(timelinesQuery(slug));
  const { answer } = answered;
  const took = format.number(answer.milliseconds, answer.milliseconds < 10 ? 1 : 0);
  const upTo = format.time(new Date(at - (status?.lagSeconds ?? 0) * 1000).toISOString());
  return (
    <div className={classes.notes}>
      <span>
        {answer.engine === 'sql'
          ? t('explore.by.sql', { milliseconds: took })
          : answer.cached
            ? t('explore.by.cached')
            : t('explore.by.timelines', { milliseconds: took })}{' '}
        {t('explore.upTo', { time: upTo, zone: format.zone })} {t('explore.noSampling')}
      </span>
      {answer.reason && <span>{answer.reason}</span>}
      {status?.problem && <span>{status.problem}</span>}
      <Button size="compact-xs" variant="subtle" color="gray" leftSection={<Icon name="refund" size={14} />} onClick={refresh}>
        {t('explore.refresh')}
      </Button>
    </div>
  );
}
