import { useMutation, useQueryClient } from '@tanstack/react-query';
import { undoImport } from '../api/actions';
import { importQuery } from '../api/queries';
import type { Import } from '../api/imports.types';
import { DangerousAct } from '../components/DangerousAct';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';

export function UndoImport({ item, close }: { item: Import; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const { counts } = item;
  const client = useQueryClient();
  const undo = useMutation({
    mutationFn: () => undoImport(slug, item.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: importQuery(slug, item.id).queryKey });
      close();
    },
  });
  const consequences = [
    (counts.orders ?? 0) > 0 && t('import.undo.orders', { count: counts.orders ?? 0 }),
    (counts.refunds ?? 0) > 0 && t('import.undo.refunds', { count: counts.refunds ?? 0 }),
    (counts.adjustments ?? 0) > 0 && t('import.undo.adjustments', { count: counts.adjustments ?? 0 }),
    (counts.events ?? 0) > 0 && t('import.undo.events', { count: counts.events ?? 0 }),
    (counts.customersCreated ?? 0) > 0 && t('import.undo.customers', { count: counts.customersCreated ?? 0 }),
    (counts.customersChanged ?? 0) > 0 && t('import.undo.told'),
    (counts.events ?? 0) > 0 && t('import.undo.profiles'),
    t('import.undo.figures'),
  ].filter((text): text is string => Boolean(text));
  return (
    <DangerousAct
      title={t('import.undo.title')}
      consequences={consequences}
      remark={t('import.undo.remark')}
      name={item.fileName}
      action={t('import.undo.action')}
      onConfirm={() => undo.mutate()}
      onClose={close}
      pending={undo.isPending}
      error={undo.error}
    />
  );
}
