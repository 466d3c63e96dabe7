import { Select, TextInput, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { ImportField, ImportPreview } from '../../api/imports.types';
import { useT } from '../../i18n/I18n';
import classes from './Mapping.module.css';
import { useFieldWords } from './useFieldWords';

interface FieldRowProps {
  kind: string;
  field: ImportField;
  preview: ImportPreview;
  column: string | undefined;
  pattern: string;
  problem: string | undefined;
  onChange: (column: string | undefined, pattern: string) => void;
}

/** A few different values of a column, so that one sees what it holds. */
export function samplesOf({ columns, rows }: ImportPreview, column: string | undefined): string[] {
  const at = column === undefined ? -1 : columns.indexOf(column);
  if (at < 0) return [];
  return [...new Set(rows.map((row) => row[at]).filter((value): value is string => Boolean(value)))].slice(0, 3);
}

export function FieldRow({ kind, field, preview, column, pattern, problem, onChange }: FieldRowProps) {
  const t = useT();
  const { label, hint } = useFieldWords(kind);
  const [open, setOpen] = useState(pattern !== '');
  const samples = samplesOf(preview, column);
  // What is plain to see is said in the reader's language; of a pattern only the server knows what is wrong with it.
  const wrong =
    problem && !column
      ? t(field.required ? 'mapping.choose' : 'mapping.chooseAny')
      : problem && column && !preview.columns.includes(column)
        ? t('mapping.notInFile', { column })
        : problem;
  // Each name once: a header may repeat one, and the mapping may name one that the file has not.
  const names = [...new Set(column && !preview.columns.includes(column) ? [column, ...preview.columns] : preview.columns)];
  return (
    <div className={classes.field}>
      <div className={classes.fieldHead}>
        <label htmlFor={`field-${field.name}`} className={classes.fieldName}>
          {label(field)}
          {field.required && <span className={classes.required}>{t('mapping.required')}</span>}
        </label>
        <span className={classes.hint} id={`hint-${field.name}`}>
          {hint(field)}
        </span>
      </div>
      <div className={classes.fieldInput}>
        <Select
          id={`field-${field.name}`}
          aria-describedby={`hint-${field.name}`}
          size="xs"
          searchable
          clearable
          data={names}
          value={column ?? null}
          onChange={(next) => onChange(next ?? undefined, pattern)}
          placeholder={t('mapping.noColumn')}
          error={open ? Boolean(wrong) : wrong}
          clearButtonProps={{ 'aria-label': t('mapping.clearColumn') }}
        />
        {open && (
          <TextInput
            size="xs"
            mt={4}
            aria-label={t('mapping.patternOf', { field: label(field) })}
            placeholder={t('mapping.pattern')}
            value={pattern}
            onChange={(event) => onChange(column, event.currentTarget.value)}
            disabled={!column}
            spellCheck={false}
            classNames={{ input: classes.mono }}
            error={wrong}
          />
        )}
        <div className={classes.samples}>
          <span>{samples.join(' · ')}</span>
          {!open && column && (
            <UnstyledButton className={classes.textButton} onClick={() => setOpen(true)}>
              {t('mapping.addPattern')}
            </UnstyledButton>
          )}
        </div>
      </div>
    </div>
  );
}
