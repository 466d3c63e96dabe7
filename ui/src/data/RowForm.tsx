import { Button, Group, Text } from '@mantine/core';
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { DataRelation, DataRow } from '../api/data.types';
import { asProblem } from '../api/problem';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import classes from './Data.module.css';
import { FieldInput } from './FieldInput';
import { kindOf } from './kinds';
import { referenceOf } from './useLabels';
import { useRefusal } from './useRefusal';
import { draftOf, shown, valueOf, type Draft } from './values';
import { isHidden } from './view';
import { faultWords } from './words';

interface RowFormProps {
  relation: DataRelation;
  /** Null: a row that is to be. */
  row: DataRow | null;
  pending: boolean;
  error: unknown;
  save: (values: DataRow) => void;
  cancel?: () => void;
  forget: () => void;
  aside?: ReactNode;
}

/** All fields of a row. Of a new one, a field nobody touches is left to the database's default; of an old one, only what changed is sent. */
export function RowForm({ relation, row, pending, error, save, cancel, forget, aside }: RowFormProps) {
  const t = useT();
  const plain = usePlainT();
  const { zone } = useFormat();
  const refused = useRefusal(relation);
  const [drafts, setDrafts] = useState<Record<string, Draft>>({});
  const [faults, setFaults] = useState<Record<string, string>>({});
  const isNew = row === null;
  const may = isNew ? relation.may.insert : relation.may.update && relation.key.length > 0;
  const columns = relation.columns.filter((column) => !isHidden(column) && (!isNew || column.insert));
  const first = columns.find((column) => column.insert && column.default === null);
  const before = (name: string): Draft | undefined => {
    const column = relation.columns.find((c) => c.name === name);
    return row && column ? draftOf(column, row[name], zone) : undefined;
  };
  const touched = Object.keys(drafts).filter((name) => isNew || drafts[name] !== before(name));
  const sent = Object.fromEntries(touched.map((name) => [name, drafts[name]]));
  const said = refused(
    error,
    sent,
    columns.map((column) => column.name),
  );
  const form = useRef<HTMLFormElement>(null);
  const wrongs = [...Object.keys(faults), ...Object.keys(said.fields)].join();
  // Long forms hide what is wrong.
  useEffect(() => {
    if (wrongs !== '') form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-error="true"] input')?.focus();
  }, [wrongs, error]);
  const write = (name: string, value: Draft) => {
    setDrafts({ ...drafts, [name]: value });
    setFaults(({ [name]: _, ...others }) => others);
    if (error) forget();
  };
  const leave = (name: string) => {
    setDrafts(({ [name]: _, ...others }) => others);
    setFaults(({ [name]: _, ...others }) => others);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const values: DataRow = {};
    const wrong: Record<string, string> = {};
    for (const name of touched) {
      const column = relation.columns.find((c) => c.name === name)!;
      const read = valueOf(column, drafts[name] ?? null, zone);
      if ('fault' in read) wrong[name] = [plain(faultWords[read.fault]), read.at].filter(Boolean).join(' ');
      else values[name] = read.value;
    }
    setFaults(wrong);
    if (Object.keys(wrong).length === 0) save(values);
  };
  return (
    <form ref={form} onSubmit={submit} className={classes.form} noValidate>
      <div className={classes.fields}>
        {columns.map((column) => {
          const writes = may && (isNew ? column.insert : column.update) && kindOf(column) !== 'bytes';
          const value = column.name in drafts ? drafts[column.name]! : before(column.name);
          const fault = faults[column.name] ?? said.fields[column.name];
          const unsaid = isNew && !(column.name in drafts);
          return (
            <div key={column.name} className={classes.field} data-changed={touched.includes(column.name) || undefined}>
              <div className={classes.fieldHead}>
                <span className={classes.fieldName}>
                  {column.name}
                  {isNew && !column.nullable && column.default === null && (
                    <span className={classes.needed} aria-hidden="true">
                      {' *'}
                    </span>
                  )}
                </span>
                <span className={classes.fieldType}>{column.type}</span>
                {writes && !unsaid && isNew && (
                  <Button variant="subtle" size="compact-xs" onClick={() => leave(column.name)}>
                    {column.default === null ? t('data.leave') : t('data.toDefault')}
                  </Button>
                )}
                {writes && column.nullable && value !== null && !(unsaid && column.default === null) && (
                  <Button
                    variant="subtle"
                    size="compact-xs"
                    aria-label={t('data.setNullOf', { column: column.name })}
                    onClick={() => write(column.name, null)}
                  >
                    {t('data.setNull')}
                  </Button>
                )}
              </div>
              {writes ? (
                <FieldInput
                  column={column}
                  reference={referenceOf(relation, column.name)}
                  value={value}
                  onChange={(next) => write(column.name, next)}
                  label={column.name}
                  placeholder={unsaid ? (column.default ?? (column.nullable ? t('data.null') : undefined)) : undefined}
                  error={fault}
                  autoFocus={isNew && column === first}
                />
              ) : (
                <div className={classes.plainValue} data-null={row?.[column.name] === null || undefined}>
                  {row?.[column.name] === null ? t('data.null') : shown(column, row?.[column.name], zone)}
                </div>
              )}
              {column.comment && (
                <Text size="xs" c="dimmed" mt={2}>
                  {column.comment}
                </Text>
              )}
            </div>
          );
        })}
      </div>
      {(may || aside) && (
        <div className={classes.formEnd}>
          {said.general && (
            <Text size="sm" role="alert" className={classes.general}>
              {said.general} <span className={classes.quiet}>({asProblem(error).code})</span>
            </Text>
          )}
          <Group justify="space-between" gap="xs">
            {may && (
              <Group gap="xs">
                <Button type="submit" loading={pending} disabled={!isNew && touched.length === 0}>
                  {isNew ? t('data.add') : touched.length === 0 ? t('action.save') : t('data.saveFields', { count: touched.length })}
                </Button>
                {(cancel || touched.length > 0) && (
                  <Button
                    variant="default"
                    onClick={() => {
                      setDrafts({});
                      setFaults({});
                      forget();
                      cancel?.();
                    }}
                  >
                    {t('data.cancel')}
                  </Button>
                )}
              </Group>
            )}
            <Group gap="xs">{aside}</Group>
          </Group>
        </div>
      )}
    </form>
  );
}
