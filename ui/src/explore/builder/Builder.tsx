import { Button, Checkbox, NumberInput, SegmentedControl, Select, Switch } from '@mantine/core';
import type { ReactNode } from 'react';
import { stepOrders, type Exclusion, type Operand, type StepOrder } from '../../api/analytics.types';
import { Icon } from '../../components/Icon';
import { bounds, isPlainOrder, type Draft } from '../draft';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';
import { orderNames } from '../words';
import { Conditions, Remove, type Change } from './Conditions';
import { EventList } from './EventList';
import { OperandPicker } from './OperandPicker';
import { SelectorEditor } from './SelectorEditor';
import { Span } from './Span';

interface BuilderProps {
  draft: Draft;
  onChange: Change<Draft>;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** The question as it is being built: each kind has its own parts, and all have filters. */
export function Builder({ draft, onChange }: BuilderProps) {
  const { words } = useExplore();
  const { t } = words;
  const { kind } = draft;
  return (
    <>
      {(kind === 'trend' || kind === 'funnel') && (
        <Section title={kind === 'trend' ? t('explore.section.lines') : t('explore.section.steps')}>
          <EventList draft={draft} onChange={onChange} />
        </Section>
      )}
      {kind === 'funnel' && <FunnelOptions draft={draft} onChange={onChange} />}
      {kind === 'retention' && <RetentionOptions draft={draft} onChange={onChange} />}
      {kind === 'paths' && <PathsOptions draft={draft} onChange={onChange} />}
      {(kind === 'lifecycle' || kind === 'stickiness') && (
        <Section title={t('explore.section.activity')}>
          <SelectorEditor
            value={draft.activity}
            onChange={(activity, typing) => onChange({ ...draft, activity }, typing)}
            label={t('explore.section.activity')}
          />
        </Section>
      )}
      <Section title={t('explore.section.filters')}>
        <Conditions
          value={draft.filters}
          onChange={(filters, typing) => onChange({ ...draft, filters }, typing)}
          of={t('explore.wholeQuestion')}
          attributes
          addLabel={t('explore.addFilter')}
        />
      </Section>
      {(kind === 'trend' || kind === 'funnel' || kind === 'retention') && <Breakdown draft={draft} onChange={onChange} />}
    </>
  );
}

function Breakdown({ draft, onChange }: BuilderProps) {
  const { words } = useExplore();
  const { t } = words;
  const { breakdown } = draft;
  const put = (next: Operand[]) => onChange({ ...draft, breakdown: next });
  const event = draft.kind === 'retention' ? draft.start.event : draft.events[0]?.event;
  const slots: (Operand | null)[] = breakdown.length < 2 ? [...breakdown, null] : breakdown;
  return (
    <Section title={t('explore.section.breakdown')}>
      <div className={classes.conditions}>
        {slots.map((of, i) => (
          <div className={classes.row} key={i}>
            <OperandPicker
              value={of}
              label={t('explore.breakdownNumber', { number: i + 1 })}
              placeholder={i === 0 ? t('explore.breakdownHint') : t('explore.breakdownSecond')}
              attributes
              amount={false}
              event={event}
              onChange={(next) => put(of ? breakdown.map((old, other) => (other === i ? next : old)) : [...breakdown, next])}
            />
            {of && (
              <Remove
                label={t('explore.breakdownRemove', { name: words.operand(of) })}
                onClick={() => put(breakdown.filter((_, other) => other !== i))}
              />
            )}
          </div>
        ))}
      </div>
    </Section>
  );
}

function FunnelOptions({ draft, onChange }: BuilderProps) {
  const { words } = useExplore();
  const { t, plain } = words;
  const plainOrder = isPlainOrder(draft);
  const steps = draft.events.length > 0 ? draft.events : [{}];
  const firm = steps.flatMap((step, i) => (step.optional ? [] : [i + 1]));
  const put = (exclusions: Exclusion[], typing?: boolean) => onChange({ ...draft, exclusions }, typing);
  return (
    <>
      <Section title={t('explore.section.order')}>
        <Select
          size="xs"
          aria-label={t('explore.section.order')}
          allowDeselect={false}
          data={stepOrders.map((order) => ({ value: order, label: plain(orderNames[order]) }))}
          value={draft.order}
          onChange={(order) => order && onChange({ ...draft, order: order as StepOrder })}
        />
        <div className={classes.labelled}>
          <span>{t('explore.window')}</span>
          <Span
            seconds={draft.windowSeconds}
            label={t('explore.window')}
            onChange={(windowSeconds, typing) => onChange({ ...draft, windowSeconds }, typing)}
          />
        </div>
      </Section>
      <Section title={t('explore.section.exclusions')}>
        {!plainOrder && draft.exclusions.length > 0 && <p className={classes.hint}>{t('explore.exclusionsOrdered')}</p>}
        {plainOrder &&
          draft.exclusions.map((exclusion, i) => {
            const label = t('explore.exclusion', { number: i + 1 });
            const between = bounds(exclusion, steps);
            const set = (next: Exclusion, typing?: boolean) =>
              put(
                draft.exclusions.map((old, other) => (other === i ? next : old)),
                typing,
              );
            const choices = (from: number[]) => from.map((step) => ({ value: String(step), label: t('explore.step', { number: step }) }));
            return (
              <SelectorEditor
                key={i}
                value={exclusion}
                onChange={set}
                label={label}
                acts={
                  <Remove
                    label={t('explore.exclusionRemove', { name: label })}
                    onClick={() => put(draft.exclusions.filter((_, other) => other !== i))}
                  />
                }
              >
                {between ? (
                  <div className={classes.row}>
                    <Select
                      size="xs"
                      className={classes.grow}
                      aria-label={t('explore.exclusionAfter', { name: label })}
                      allowDeselect={false}
                      data={choices(firm.slice(0, -1))}
                      value={String(between.after)}
                      leftSection={<small>{t('explore.after')}</small>}
                      leftSectionWidth={48}
                      onChange={(after) => after && set({ ...exclusion, ...between, after: Number(after) })}
                    />
                    <Select
                      size="xs"
                      className={classes.grow}
                      aria-label={t('explore.exclusionBefore', { name: label })}
                      allowDeselect={false}
                      data={choices(firm.filter((step) => step > between.after))}
                      value={String(between.before)}
                      leftSection={<small>{t('explore.beforeStep')}</small>}
                      leftSectionWidth={48}
                      onChange={(before) => before && set({ ...exclusion, ...between, before: Number(before) })}
                    />
                  </div>
                ) : (
                  <p className={classes.hint}>{t('explore.exclusionTwo')}</p>
                )}
              </SelectorEditor>
            );
          })}
        {plainOrder && (
          <Button
            className={classes.add}
            size="compact-xs"
            variant="subtle"
            color="gray"
            disabled={steps.length < 2 || draft.exclusions.length >= 10}
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => put([...draft.exclusions, { after: 1, before: 0 }])}
          >
            {t('explore.addExclusion')}
          </Button>
        )}
      </Section>
    </>
  );
}

function RetentionOptions({ draft, onChange }: BuilderProps) {
  const { words } = useExplore();
  const { t } = words;
  return (
    <>
      <Section title={t('explore.section.start')}>
        <SelectorEditor
          value={draft.start}
          onChange={(start, typing) => onChange({ ...draft, start }, typing)}
          label={t('explore.section.start')}
        />
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={t('explore.cohorts')}
          data={[
            { value: 'first', label: t('explore.cohorts.first') },
            { value: 'recurring', label: t('explore.cohorts.recurring') },
          ]}
          value={draft.first ? 'first' : 'recurring'}
          onChange={(value) => onChange({ ...draft, first: value === 'first' })}
        />
      </Section>
      <Section title={t('explore.section.return')}>
        <Checkbox
          size="xs"
          label={t('explore.sameEvent')}
          checked={draft.return === null}
          onChange={(event) => onChange({ ...draft, return: event.currentTarget.checked ? null : {} })}
        />
        {draft.return && (
          <SelectorEditor
            value={draft.return}
            onChange={(next, typing) => onChange({ ...draft, return: next }, typing)}
            label={t('explore.section.return')}
          />
        )}
        <Select
          size="xs"
          aria-label={t('explore.counted')}
          allowDeselect={false}
          data={[
            { value: 'bounded', label: t('explore.counted.bounded') },
            { value: 'unbounded', label: t('explore.counted.unbounded') },
            { value: 'revenue', label: t('explore.counted.revenue') },
          ]}
          value={draft.revenue ? 'revenue' : draft.unbounded ? 'unbounded' : 'bounded'}
          onChange={(value) => onChange({ ...draft, revenue: value === 'revenue', unbounded: value === 'unbounded' })}
        />
        <div className={classes.labelled}>
          <span>{t('explore.periods')}</span>
          <NumberInput
            size="xs"
            w={84}
            min={2}
            max={60}
            aria-label={t('explore.periods')}
            value={draft.periods}
            onChange={(value) =>
              typeof value === 'number' && value >= 1 && value <= 60 && onChange({ ...draft, periods: Math.round(value) }, true)
            }
          />
        </div>
      </Section>
    </>
  );
}

function PathsOptions({ draft, onChange }: BuilderProps) {
  const { words } = useExplore();
  const { t } = words;
  return (
    <>
      <Section title={t('explore.section.pathStart')}>
        <SelectorEditor
          value={draft.pathStart ?? {}}
          anyLabel={t('explore.firstEvent')}
          onChange={(start, typing) => onChange({ ...draft, pathStart: start.event || start.filters ? start : null }, typing)}
          label={t('explore.section.pathStart')}
        />
      </Section>
      <Section title={t('explore.section.stops')}>
        <SelectorEditor
          value={draft.activity}
          onChange={(activity, typing) => onChange({ ...draft, activity }, typing)}
          label={t('explore.section.stops')}
        />
        <div className={classes.labelled}>
          <span>{t('explore.depth')}</span>
          <NumberInput
            size="xs"
            w={84}
            min={1}
            max={20}
            aria-label={t('explore.depth')}
            value={draft.depth}
            onChange={(value) =>
              typeof value === 'number' && value >= 1 && value <= 20 && onChange({ ...draft, depth: Math.round(value) }, true)
            }
          />
        </div>
        <Switch
          size="xs"
          label={t('explore.gap')}
          checked={draft.gapSeconds !== null}
          onChange={(event) => onChange({ ...draft, gapSeconds: event.currentTarget.checked ? 30 * 60 : null })}
        />
        {draft.gapSeconds !== null && (
          <div className={classes.indent}>
            <Span
              seconds={draft.gapSeconds}
              label={t('explore.gapLength')}
              onChange={(gapSeconds, typing) => onChange({ ...draft, gapSeconds }, typing)}
            />
          </div>
        )}
      </Section>
    </>
  );
}
