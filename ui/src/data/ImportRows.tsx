import { Button, FileButton, Group, Modal, Progress, Radio, Select, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { rowsKey } from '../api/data';
import type { DataRelation } from '../api/data.types';
import { useAnnounceChange } from '../components/Announcer';
import { saveText } from '../components/download';
import { Icon } from '../components/Icon';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { readCsv, unguarded, writeCsv, type Csv } from './csv';
import classes from './Data.module.css';
import { guess, importLines, type Empty, type Imported, type ImportMode } from './import-rows';
import { useRefusal } from './useRefusal';

const largest = 50 * 1024 * 1024;
const shownErrors = 100;

/** A CSV file into the table: its columns are found by name, each line goes in or is told why not. */
export function ImportRows({ relation, close }: { relation: DataRelation; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const [file, setFile] = useState<{ name: string; csv: Csv } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [chosen, setChosen] = useState<(string | null)[]>([]);
  const [mode, setMode] = useState<ImportMode>('insert');
  const [empty, setEmpty] = useState<Empty>('default');
  const [state, setState] = useState<Imported | null>(null);
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const choose = async (picked: File | null) => {
    if (!picked) return;
    setFault(null);
    setError(null);
    setState(null);
    if (picked.size > largest) return setFault(t('data.import.tooLarge'));
    const read = readCsv(await picked.text());
    // A file this page wrote has texts made harmless for spreadsheets.
    const csv = { ...read, lines: read.lines.map((line) => ({ ...line, cells: line.cells.map(unguarded) })) };
    if (csv.lines.length === 0) return setFault(t('data.import.noLines'));
    setFile({ name: picked.name, csv });
    setChosen(guess(csv.header, relation));
  };
  const start = async () => {
    if (!file) return;
    const abort = new AbortController();
    stop.current = abort;
    setRunning(true);
    setError(null);
    try {
      setState(await importLines(slug, relation, file.csv, chosen, mode, empty, setState, abort.signal));
    } catch (failure) {
      if (!abort.signal.aborted) setError(failure);
    } finally {
      setRunning(false);
      stop.current = null;
      await client.invalidateQueries({ queryKey: rowsKey(slug) });
    }
  };
  const any = chosen.some((name) => name !== null);
  const ended = state !== null && !running;
  const result = state && t('data.import.result', { count: state.written, errors: state.errors.length });
  useAnnounceChange(ended ? result : '');

  return (
    <Modal
      opened
      onClose={() => {
        stop.current?.abort();
        close();
      }}
      title={t('data.import.title', { relation: relation.name })}
      size="xl"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        {!file && <Text size="sm">{t('data.import.about')}</Text>}
        <Group gap="sm">
          <FileButton onChange={(picked) => void choose(picked)} accept=".csv,.tsv,.txt,text/csv" disabled={running}>
            {(props) => (
              <Button variant="default" leftSection={<Icon name="file" />} {...props}>
                {file ? t('data.import.another') : t('data.import.choose')}
              </Button>
            )}
          </FileButton>
          {file && <Text size="sm">{t('data.import.file', { name: file.name, count: file.csv.lines.length })}</Text>}
        </Group>
        {fault && (
          <Text size="sm" c="red" role="alert">
            {fault}
          </Text>
        )}
        {file && !ended && (
          <>
            <div className={classes.mapping}>
              {file.csv.header.map((name, i) => (
                <Select
                  key={i}
                  size="xs"
                  label={name || `#${i + 1}`}
                  description={t('data.import.example', { text: file.csv.lines[0]?.cells[i] ?? '' })}
                  placeholder={t('data.import.leaveOut')}
                  data={relation.columns
                    .filter((column) => column.insert && (chosen[i] === column.name || !chosen.includes(column.name)))
                    .map((column) => column.name)}
                  value={chosen[i] ?? null}
                  onChange={(value) => setChosen(chosen.map((other, j) => (i === j ? value : other)))}
                  disabled={running}
                  searchable
                  clearable
                />
              ))}
            </div>
            <Group gap="xl" align="flex-start">
              <Radio.Group label={t('data.import.mode')} value={mode} onChange={(value) => setMode(value as ImportMode)}>
                <Stack gap={6} mt={6}>
                  <Radio size="xs" value="insert" label={t('data.import.insert')} disabled={running} />
                  {/* A view has no unique key of its own to be met. */}
                  <Radio
                    size="xs"
                    value="upsert"
                    label={relation.view ? t('data.import.noUpsert') : t('data.import.upsert', { key: relation.key.join(', ') })}
                    disabled={running || relation.view || relation.key.length === 0}
                  />
                </Stack>
              </Radio.Group>
              <Radio.Group label={t('data.import.empty')} value={empty} onChange={(value) => setEmpty(value as Empty)}>
                <Stack gap={6} mt={6}>
                  <Radio size="xs" value="default" label={t('data.import.emptyDefault')} disabled={running} />
                  <Radio size="xs" value="null" label={t('data.import.emptyNull')} disabled={running} />
                </Stack>
              </Radio.Group>
            </Group>
          </>
        )}
        {state && file && (
          <Progress
            value={(100 * state.done) / file.csv.lines.length}
            aria-label={t('data.import.progress')}
            color={state.errors.length > 0 ? 'orange' : undefined}
          />
        )}
        {result && <Text size="sm">{result}</Text>}
        {ended && file && state.errors.length > 0 && <Errors relation={relation} csv={file.csv} state={state} />}
        <ProblemAlert error={error} />
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            onClick={() => {
              if (running) stop.current?.abort();
              else close();
            }}
          >
            {running ? t('data.stop') : ended ? t('action.close') : t('data.cancel')}
          </Button>
          {file && !ended && (
            <Button onClick={() => void start()} loading={running} disabled={!any}>
              {t('data.import.start', { count: file.csv.lines.length })}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

function Errors({ relation, csv, state }: { relation: DataRelation; csv: Csv; state: Imported }) {
  const t = useT();
  const refused = useRefusal(relation);
  const words = (at: number) => {
    const { error, sent } = state.errors[at]!;
    const said = refused(error, sent);
    const fields = Object.entries(said.fields).map(([column, text]) => `${column}: ${text}`);
    return fields.length > 0 ? fields.join(' ') : (said.general ?? '');
  };
  return (
    <>
      <PlainTable
        label={t('data.import.errors')}
        maxHeight={260}
        columns={[{ label: t('data.import.line'), align: 'right' }, { label: t('data.import.why') }]}
        rows={state.errors.slice(0, shownErrors).map((error, i) => [error.line, words(i)])}
      />
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="download" />}
          onClick={() =>
            saveText(
              writeCsv([
                [...csv.header, 'error'],
                ...state.errors.map((error, i) => [...csv.header.map((_, c) => error.cells[c] ?? ''), words(i)]),
              ]),
              `${relation.name}-refused.csv`,
              'text/csv',
            )
          }
        >
          {t('data.import.refused', { count: state.errors.length })}
        </Button>
      </Group>
    </>
  );
}
