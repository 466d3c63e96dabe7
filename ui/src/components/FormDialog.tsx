import { Button, Group, Modal, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { asProblem } from '../api/problem';
import { useT } from '../i18n/I18n';
import { ProblemAlert } from './ProblemAlert';

interface FormDialogProps {
  title: string;
  /** What the button says. */
  action: string;
  onSubmit: () => void;
  close: () => void;
  pending: boolean;
  /** What is refused and belongs to no field is shown above the buttons; fields show their own. */
  error: unknown;
  disabled?: boolean;
  children: ReactNode;
}

/** A form of a few fields over the page it belongs to. */
export function FormDialog({ title, action, onSubmit, close, pending, error, disabled, children }: FormDialogProps) {
  const t = useT();
  const problem = error ? asProblem(error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {children}
          {problem && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              {t('action.keep')}
            </Button>
            <Button type="submit" loading={pending} disabled={disabled}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
