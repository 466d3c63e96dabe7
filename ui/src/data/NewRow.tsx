import { Drawer } from '@mantine/core';
import type { DataRelation } from '../api/data.types';
import { useT } from '../i18n/I18n';
import classes from './Data.module.css';
import { RowForm } from './RowForm';
import type { useWrites } from './useWrites';

export function NewRow({ relation, writes, close }: { relation: DataRelation; writes: ReturnType<typeof useWrites>; close: () => void }) {
  const t = useT();
  const { insert } = writes;
  const leave = () => {
    insert.reset();
    close();
  };
  return (
    <Drawer
      opened
      onClose={leave}
      position="right"
      size={600}
      title={t('data.new.title', { relation: relation.name })}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      classNames={{ body: classes.drawerBody, content: classes.drawer }}
    >
      <RowForm
        relation={relation}
        row={null}
        pending={insert.isPending}
        error={insert.error}
        forget={insert.reset}
        save={(values) => insert.mutate(values, { onSuccess: leave })}
        cancel={leave}
      />
    </Drawer>
  );
}
