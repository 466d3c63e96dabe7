import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { undoMerge } from '../../api/actions';
import type { Merge } from '../../api/types';
import { useNotify } from '../../components/Notices';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { usePeopleChanged } from './usePeopleChanged';
import { mergedName } from './words';

export function UndoMerge({ merge, close }: { merge: Merge; close: (done: boolean) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const notify = useNotify();
  const peopleChanged = usePeopleChanged();
  const merged = mergedName(merge);
  const undo = useMutation({
    mutationFn: () => undoMerge(slug, merge),
    onSuccess: () => {
      close(true);
      peopleChanged();
      notify({ text: t('merge.undone', { merged }) });
    },
  });
  return (
    <Modal
      opened
      onClose={() => close(false)}
      title={t('merges.undo.title')}
      size="md"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        <Text>{t('merges.undo.text', { merged })}</Text>
        <Text c="dimmed" size="sm">
          {t('merges.undo.remark')}
        </Text>
        <ProblemAlert error={undo.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => close(false)}>
            {t('action.keep')}
          </Button>
          <Button data-autofocus loading={undo.isPending} onClick={() => undo.mutate()}>
            {t('merges.undo.action')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
