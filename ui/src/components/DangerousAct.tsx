import { Alert, Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useId, useState, type FormEvent } from 'react';
import { asProblem } from '../api/problem';
import { useT } from '../i18n/I18n';

interface DangerousActProps {
  title: string;
  /** What will happen, each in numbers. */
  consequences: string[];
  /** What is left of it. */
  stays?: string[];
  /** Whether and how it can be taken back. */
  remark: string;
  /** Has to be typed, so that nobody does this by habit. */
  name: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  pending: boolean;
  error: unknown;
}

export function DangerousAct({ title, consequences, stays, remark, name, action, onConfirm, onClose, pending, error }: DangerousActProps) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const matches = typed.trim() === name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (matches) onConfirm();
  };
  const problem = error ? asProblem(error) : null;
  return (
    <Modal opened onClose={onClose} title={title} size="md" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Sentences title={t('danger.willHappen')} list={consequences} />
          {stays && <Sentences title={t('danger.stays')} list={stays} />}
          <Text c="dimmed" size="sm">
            {remark}
          </Text>
          <TextInput
            data-autofocus
            label={t('danger.typeName', { name })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          {problem && (
            <Alert color="red" variant="light" role="alert">
              {problem.detail ?? t('state.error.other')} ({[problem.code, problem.traceId].filter(Boolean).join(' · ')})
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('action.keep')}
            </Button>
            <Button type="submit" color="red.9" disabled={!matches} loading={pending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Sentences({ title, list }: { title: string; list: string[] }) {
  const id = useId();
  return (
    <div>
      <Text id={id}>{title}</Text>
      <List size="sm" mt={6} spacing={2} aria-labelledby={id}>
        {list.map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
    </div>
  );
}
