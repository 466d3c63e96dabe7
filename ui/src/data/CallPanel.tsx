import { Button, Group, Modal, SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { DataRelation } from '../api/data.types';
import { CopyButton } from '../components/CopyButton';
import { useT } from '../i18n/I18n';
import classes from './Data.module.css';
import { clientOf, curlOf, rowsRequest } from './request';
import type { View } from './view';

/** The call of exactly what is on the screen; where a key would stand there is only its name. */
export function CallPanel({ relation, view, close }: { relation: DataRelation; view: View; close: () => void }) {
  const t = useT();
  const [form, setForm] = useState('curl');
  const { origin } = window.location;
  const text = form === 'curl' ? curlOf(origin, rowsRequest(relation, view)) : clientOf(origin, relation, view);
  return (
    <Modal opened onClose={close} title={t('data.call.title')} size="xl" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <SegmentedControl
        size="xs"
        aria-label={t('data.call.form')}
        value={form}
        onChange={setForm}
        data={[
          { value: 'curl', label: 'curl' },
          { value: 'js', label: 'postgrest-js' },
        ]}
      />
      <pre className={classes.call} tabIndex={0} aria-label={form}>
        {text}
      </pre>
      <Text size="sm" c="dimmed" mb="sm">
        {t('data.call.key')}
      </Text>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {t('action.close')}
        </Button>
        <CopyButton value={text} label={t('data.call.copy')} />
      </Group>
    </Modal>
  );
}
