import { Button, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { cancelImport, deleteImport, downloadMapping, downloadRejects } from '../api/actions';
import { importQuery } from '../api/queries';
import type { Import } from '../api/imports.types';
import { save } from '../components/download';
import { Icon } from '../components/Icon';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { canCancel, canDelete, canUndo } from './states';
import { UndoImport } from './UndoImport';

export function ImportActions({ item }: { item: Import }) {
  const t = useT();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [undoing, setUndoing] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: importQuery(slug, item.id).queryKey });
  const cancel = useMutation({ mutationFn: () => cancelImport(slug, item.id), onSettled: refresh });
  const remove = useMutation({
    mutationFn: () => deleteImport(slug, item.id),
    onSuccess: async () => {
      await navigate({ to: '/o/$slug/imports', params: { slug } });
      await client.invalidateQueries({ queryKey: ['o', slug, 'imports'] });
    },
  });
  const rejects = useMutation({ mutationFn: async () => save(await downloadRejects(slug, item.id), `${item.fileName}.rejects.csv`) });
  const mapping = useMutation({ mutationFn: async () => save(await downloadMapping(slug, item.id), `${item.fileName}.mapping.json`) });
  const failed = cancel.error ?? remove.error ?? rejects.error ?? mapping.error;
  const hasMore = item.mapping !== null || (mayImport && (canUndo(item) || canDelete(item)));
  return (
    <>
      <ProblemAlert error={failed} />
      {item.rejected > 0 && (
        <Button variant="default" leftSection={<Icon name="download" />} loading={rejects.isPending} onClick={() => rejects.mutate()}>
          {t('import.rejects.download')}
        </Button>
      )}
      {mayImport && canCancel(item) && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('import.cancel')}
        </Button>
      )}
      {hasMore && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" px="xs" aria-label={t('import.more')}>
              <Icon name="more" />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {item.mapping && (
              <Menu.Item leftSection={<Icon name="file" />} onClick={() => mapping.mutate()}>
                {t('import.mapping.download')}
              </Menu.Item>
            )}
            {mayImport && canUndo(item) && (
              <Menu.Item color="var(--c-bad)" leftSection={<Icon name="undo" />} onClick={() => setUndoing(true)}>
                {t('import.undo')}
              </Menu.Item>
            )}
            {mayImport && canDelete(item) && (
              <Menu.Item leftSection={<Icon name="trash" />} onClick={() => remove.mutate()}>
                {t('import.delete')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      {undoing && <UndoImport item={item} close={() => setUndoing(false)} />}
    </>
  );
}
