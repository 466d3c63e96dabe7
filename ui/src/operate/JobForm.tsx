import { NumberInput, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { changeJob, scheduleQuery } from '../api/operate';
import type { Job, MissedRuns } from '../api/operate.types';
import { asProblem } from '../api/problem';
import { FormDialog } from '../components/FormDialog';
import { useFormat, useT } from '../i18n/I18n';
import { timeZones } from '../settings/choices';
import { useOrganization } from '../shell/organization';

/** When it runs is said in words while it is typed. */
export function JobForm({ job, close }: { job: Job; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const [cron, setCron] = useState(job.schedule);
  const [timeZone, setTimeZone] = useState(job.timeZone);
  const [timeout, setTimeout] = useState(job.timeoutSeconds);
  const [retries, setRetries] = useState(job.maxRetries);
  const [missed, setMissed] = useState<MissedRuns>(job.missedRuns);
  const zones = useMemo(() => timeZones(job.timeZone), [job.timeZone]);
  const [asked] = useDebouncedValue(cron, 250);
  const preview = useQuery({ ...scheduleQuery(slug, asked, timeZone), enabled: asked.trim() !== '' });
  const save = useMutation({
    mutationFn: () =>
      changeJob(slug, job.id, {
        ...(cron !== job.schedule && { cronExpression: cron }),
        timeZone,
        timeoutSeconds: timeout,
        maxRetries: retries,
        missedRuns: missed,
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['o', slug, 'jobs'] });
      close();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const wrong = problem?.fields.cronExpression?.join(' ') ?? (preview.error ? (asProblem(preview.error).detail ?? undefined) : undefined);
  return (
    <FormDialog
      title={job.name}
      action={t('action.save')}
      onSubmit={() => save.mutate()}
      close={close}
      pending={save.isPending}
      error={save.error}
    >
      <TextInput
        data-autofocus
        label={t('jobs.cron')}
        description={t('jobs.cron.text')}
        value={cron}
        onChange={(event) => setCron(event.currentTarget.value)}
        error={wrong}
        autoComplete="off"
        spellCheck={false}
      />
      <Select
        label={t('settings.timeZone')}
        data={zones}
        limit={60}
        searchable
        allowDeselect={false}
        value={timeZone}
        onChange={(value) => value && setTimeZone(value)}
        error={problem?.fields.timeZone?.join(' ')}
      />
      {preview.data && !wrong && (
        <Text size="sm" c="dimmed" aria-live="polite">
          {t('jobs.upcoming')}: {preview.data.next.slice(0, 3).map(format.dateTime).join(' · ')}
        </Text>
      )}
      <NumberInput
        label={t('jobs.timeout')}
        min={1}
        max={86_400}
        value={timeout}
        onChange={(value) => setTimeout(Number(value))}
        error={problem?.fields.timeoutSeconds?.join(' ')}
      />
      <NumberInput
        label={t('jobs.retries')}
        min={0}
        max={100}
        value={retries}
        onChange={(value) => setRetries(Number(value))}
        error={problem?.fields.maxRetries?.join(' ')}
      />
      <Select
        label={t('jobs.missed')}
        data={[
          { value: 'run_once', label: t('jobs.missed.run_once') },
          { value: 'skip', label: t('jobs.missed.skip') },
        ]}
        allowDeselect={false}
        value={missed}
        onChange={(value) => value && setMissed(value as MissedRuns)}
      />
    </FormDialog>
  );
}
