import { Button, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { DataColumn, DataReference } from '../api/data.types';
import { parseJson, writeJson } from '../api/json';
import { useT } from '../i18n/I18n';
import { listOf, writeList } from './filters';
import { KeyPicker } from './KeyPicker';
import { isWords, kindOf } from './kinds';
import classes from './Data.module.css';
import type { Draft } from './values';

interface FieldInputProps {
  column: DataColumn;
  reference?: DataReference;
  /** Undefined: nothing was said, the database decides. */
  value: Draft | undefined;
  onChange: (value: Draft) => void;
  label: string;
  placeholder?: string;
  error?: string;
  autoFocus?: boolean;
  size?: 'xs' | 'sm';
  onKeyDown?: (event: KeyboardEvent) => void;
}

/** A field for one value, by its type. Empty text is not null: null has a button of its own. */
export function FieldInput({
  column,
  reference,
  value,
  onChange,
  label,
  placeholder,
  error,
  autoFocus,
  size = 'sm',
  onKeyDown,
}: FieldInputProps) {
  const t = useT();
  const kind = kindOf(column);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!autoFocus) return;
    const timer = setTimeout(() => {
      field.current?.focus();
      if (kind === 'text' || kind === 'number' || kind === 'uuid') field.current?.select?.();
    });
    return () => clearTimeout(timer);
  }, [autoFocus, kind]);
  const shared = {
    ref: field,
    size,
    'aria-label': label,
    error,
    placeholder: placeholder ?? (value === null ? t('data.null') : undefined),
    onKeyDown,
  };
  const comboboxProps = { withinPortal: false } as const;
  const text = value ?? '';
  const typed = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value);

  if (reference && reference.columns.length === 1)
    return <KeyPicker reference={reference} value={value ?? null} onChange={onChange} {...shared} />;
  switch (kind) {
    case 'boolean':
      return (
        <Select
          {...shared}
          data={[
            { value: 'true', label: t('data.true') },
            { value: 'false', label: t('data.false') },
          ]}
          value={value ?? null}
          onChange={(next) => next !== null && onChange(next)}
          allowDeselect={false}
          comboboxProps={comboboxProps}
        />
      );
    case 'choice':
      return (
        <Select
          {...shared}
          data={[...new Set([...(column.choices ?? []), ...(text ? [text] : [])])]}
          value={value ?? null}
          onChange={(next) => next !== null && onChange(next)}
          searchable
          allowDeselect={false}
          nothingFoundMessage={t('data.noChoice')}
          comboboxProps={comboboxProps}
        />
      );
    case 'date':
      return <TextInput {...shared} type="date" value={text} onChange={(event) => onChange(event.currentTarget.value || null)} />;
    case 'moment':
    case 'local':
      return /^-?infinity$/.test(text) ? (
        <TextInput {...shared} value={text} onChange={typed} />
      ) : (
        <TextInput
          {...shared}
          type="datetime-local"
          step={1}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
      );
    case 'list':
      if (isWords(column))
        return (
          <TagsInput
            {...shared}
            data={column.choices ?? []}
            value={listOf(text)}
            onChange={(next) => onChange(writeList(next))}
            splitChars={[]}
            comboboxProps={comboboxProps}
          />
        );
      return <Textarea {...shared} value={text} onChange={typed} autosize minRows={1} maxRows={10} classNames={{ input: classes.mono }} />;
    case 'json':
      return (
        <div>
          <Textarea
            {...shared}
            value={text}
            onChange={typed}
            autosize
            minRows={4}
            maxRows={18}
            spellCheck={false}
            classNames={{ input: classes.mono }}
          />
          <Button variant="subtle" size="compact-xs" mt={4} onClick={() => onChange(tidy(text))}>
            {t('data.json.tidy')}
          </Button>
        </div>
      );
    case 'text':
      return (
        <Textarea {...shared} value={text} onChange={typed} autosize minRows={1} maxRows={10} maxLength={column.maxLength ?? undefined} />
      );
    default:
      return (
        <TextInput
          {...shared}
          value={text}
          onChange={typed}
          inputMode={kind === 'number' ? 'decimal' : undefined}
          classNames={kind === 'uuid' ? { input: classes.mono } : undefined}
        />
      );
  }
}

function tidy(text: string): string {
  try {
    return writeJson(parseJson(text), 2);
  } catch {
    return text;
  }
}
