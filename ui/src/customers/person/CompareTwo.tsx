import { Button, Group, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { mergeCustomers, undoMerge } from '../../api/actions';
import type { CustomerDetail } from '../../api/types';
import { Icon } from '../../components/Icon';
import { useNotify } from '../../components/Notices';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { MergeOutcome } from './MergeOutcome';
import classes from './Person.module.css';
import { TwoPeople } from './TwoPeople';
import { usePeopleChanged } from './usePeopleChanged';
import { namesOfTwo } from './words';

interface CompareTwoProps {
  /** Whose page this is: who stays, unless the other is chosen to. */
  page: CustomerDetail;
  other: CustomerDetail;
  back: () => void;
  close: () => void;
}

export function CompareTwo({ page, other, back, close }: CompareTwoProps) {
  const t = useT();
  const { slug } = useOrganization();
  const notify = useNotify();
  const peopleChanged = usePeopleChanged();
  const [reason, setReason] = useState('');
  const [swapped, setSwapped] = useState(false);
  const [survivor, merged] = swapped ? [other, page] : [page, other];
  const names = namesOfTwo(survivor, merged);
  const start = useRef<HTMLDivElement>(null);
  useEffect(() => start.current?.focus(), []);

  const merge = useMutation({
    mutationFn: () => mergeCustomers(slug, survivor.id, merged.id, reason.trim()),
    onSuccess: (done) => {
      close();
      peopleChanged();
      const undo = async () => {
        await undoMerge(slug, done);
        peopleChanged();
        notify({ text: t('merge.undone', { merged: names.merged }) });
      };
      notify({ text: t('merge.done', names), action: { label: t('merge.undo'), run: undo } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!merge.isPending) merge.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <div ref={start} tabIndex={-1} role="group" aria-label={t('merge.compare')} className={classes.compare}>
          <TwoPeople survivor={survivor} merged={merged} />
        </div>
        <Group>
          <Button variant="default" size="xs" onClick={() => setSwapped(!swapped)}>
            {t('merge.swap', { name: names.merged })}
          </Button>
        </Group>
        <MergeOutcome survivor={survivor} merged={merged} />
        <Textarea
          label={t('merge.reason')}
          description={t('merge.reason.hint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={500}
          rows={2}
          resize="vertical"
        />
        <ProblemAlert error={merge.error} />
        <Group justify="space-between" gap="xs">
          <Button variant="subtle" color="gray" onClick={back} leftSection={<Icon name="chevronLeft" />}>
            {t('merge.back')}
          </Button>
          <Group gap="xs">
            <Button variant="default" onClick={close}>
              {t('action.keep')}
            </Button>
            <Button type="submit" loading={merge.isPending}>
              {t('merge.action')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
