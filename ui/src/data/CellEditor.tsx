import { Button, Group, Text } from '@mantine/core';
import { useState, type FormEvent, type KeyboardEvent } from 'react';
import type { DataColumn, DataRelation, DataRow } from '../api/data.types';
import { useAnnounceChange } from '../components/Announcer';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { FieldInput } from './FieldInput';
import { kindOf } from './kinds';
import classes from './Data.module.css';
import { referenceOf } from './useLabels';
import { useRefusal } from './useRefusal';
import type { useWrites } from './useWrites';
import { draftOf, valueOf, type Draft } from './values';
import { faultWords } from './words';

interface CellEditorProps {
  relation: DataRelation;
  column: DataColumn;
  row: DataRow;
  writes: ReturnType<typeof useWrites>;
  /** What the key press that opened it typed. */
  first?: string;
  close: (move?: 'down' | 'right') => void;
}

/** One value, where it stands. Enter saves, Escape leaves it as it was; a refusal stays beside the field until it is mended. */
export function CellEditor({ relation, column, row, writes, first, close }: CellEditorProps) {
  const t = useT();
  const plain = usePlainT();
  const { zone } = useFormat();
  const refused = useRefusal(relation);
  const before = draftOf(column, row[column.name], zone);
  const [draft, setDraft] = useState<Draft>(first ?? before);
  const [fault, setFault] = useState<string | null>(null);
  const { change } = writes;
  const kind = kindOf(column);
  const said = refused(change.error, { [column.name]: draft });
  const error = fault ?? said.fields[column.name] ?? said.general ?? undefined;
  useAnnounceChange(error ?? '');

  const save = async (value: Draft, move?: 'down' | 'right') => {
    if (value === before) return close(move);
    const read = valueOf(column, value, zone);
    if ('fault' in read) return setFault([plain(faultWords[read.fault]), read.at].filter(Boolean).join(' '));
    setFault(null);
    try {
      await change.mutateAsync({ row, values: { [column.name]: read.value } });
      close(move);
    } catch {
      // The refusal is shown beside the field.
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(draft);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      change.reset();
      close();
      return;
    }
    const opened = event.currentTarget.getAttribute('aria-expanded') === 'true';
    if (event.key !== 'Enter' || event.shiftKey || opened) return;
    // In JSON and lists a line end is part of the text.
    if (kind === 'list' || (kind === 'json' && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    void save(draft, 'down');
  };
  return (
    <form onSubmit={submit} className={classes.editor}>
      <FieldInput
        column={column}
        reference={referenceOf(relation, column.name)}
        value={draft}
        onChange={(next) => {
          setDraft(next);
          setFault(null);
          if (change.isError) change.reset();
        }}
        label={column.name}
        error={error}
        autoFocus
        onKeyDown={onKeyDown}
      />
      <Group justify="space-between" gap="xs" mt={6} wrap="nowrap">
        <Text size="xs" c="dimmed" truncate>
          {kind === 'moment' ? `${column.type} · ${zone}` : column.type}
        </Text>
        <Group gap={4} wrap="nowrap">
          {column.nullable && (
            <Button variant="subtle" size="compact-xs" onClick={() => void save(null)}>
              {t('data.setNull')}
            </Button>
          )}
          <Button
            variant="default"
            size="compact-xs"
            onClick={() => {
              change.reset();
              close();
            }}
          >
            {t('data.cancel')}
          </Button>
          <Button type="submit" size="compact-xs" loading={change.isPending}>
            {t('data.save')}
          </Button>
        </Group>
      </Group>
    </form>
  );
}
