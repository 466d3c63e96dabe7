import { Button, FileButton, Progress, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useBlocker, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState, type DragEvent } from 'react';
import type { Import } from '../api/imports.types';
import { importFieldsQuery } from '../api/queries';
import { upload, type Upload, type UploadProgress } from '../api/upload';
import { Card } from '../components/Card';
import { Icon } from '../components/Icon';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT, useWordFor } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization } from '../shell/organization';
import classes from './ChooseFile.module.css';
import { importKinds, kindNames, offeredKinds } from './kinds';

interface Sending {
  file: File;
  progress: UploadProgress | null;
}

export function ChooseFile() {
  const t = useT();
  const plain = usePlainT();
  const word = useWordFor(kindNames);
  const { slug } = useOrganization();
  const navigate = useNavigate();
  const { kind = 'orders' } = useSearch({ from: '/o/$slug/imports/new' });
  const known = useQuery(importFieldsQuery(slug, 'orders'));
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [over, setOver] = useState(false);
  const current = useRef<Upload<Import> | null>(null);
  useEffect(() => () => current.current?.abort(), []);
  // The way on to the next step is taken after the upload has ended, so it is never asked about.
  useBlocker({
    shouldBlockFn: () => current.current !== null && !window.confirm(t('imports.leave')),
    enableBeforeUnload: () => current.current !== null,
  });

  const send = async (file: File | null) => {
    if (!file || current.current) return;
    setError(null);
    setSending({ file, progress: null });
    current.current = upload<Import>('/imports', { kind, name: file.name }, slug, file, (progress) => setSending({ file, progress }));
    try {
      const created = await current.current.done;
      current.current = null;
      await navigate({ to: '/o/$slug/imports/new', params: { slug }, search: { import: created.id } });
    } catch (failure) {
      current.current = null;
      setSending(null);
      if (!(failure instanceof DOMException && failure.name === 'AbortError')) setError(failure);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send(event.dataTransfer.files[0] ?? null);
  };

  const words = importKinds[kind];
  return (
    <Card className={classes.card}>
      {sending ? (
        <Sent sending={sending} stop={() => current.current?.abort()} />
      ) : (
        <>
          <SegmentedControl
            fullWidth
            aria-label={t('imports.kind')}
            value={kind}
            onChange={(next) => void navigate({ to: '/o/$slug/imports/new', params: { slug }, search: { kind: next }, replace: true })}
            data={offeredKinds(known.data?.kinds).map((value) => ({ value, label: word(value) }))}
          />
          <div
            className={classes.drop}
            data-over={over || undefined}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
          >
            <Icon name="upload" size={24} />
            <p className={classes.lead}>{plain(words?.drop ?? 'imports.drop')}</p>
            <FileButton onChange={(file) => void send(file)} accept=".csv,.gz,.txt,.json,.jsonl,.ndjson,text/csv,application/gzip">
              {(props) => <Button {...props}>{t('imports.choose')}</Button>}
            </FileButton>
            <p className={classes.hint}>{plain(words?.accepts ?? 'imports.accepts')}</p>
          </div>
        </>
      )}
      <ProblemAlert error={error} />
    </Card>
  );
}

function Sent({ sending, stop }: { sending: Sending; stop: () => void }) {
  const t = useT();
  const format = useFormat();
  const { file, progress } = sending;
  const ratio = progress && progress.total > 0 ? progress.sent / progress.total : 0;
  const whole = ratio >= 1;
  return (
    <div className={classes.sending}>
      <strong>{file.name}</strong>
      <Progress value={ratio * 100} aria-label={t('imports.uploading', { name: file.name })} />
      <div className={classes.row}>
        <span role="status" className="figure">
          {whole
            ? t('imports.checkingFile')
            : t('imports.sent', { sent: format.bytes(progress?.sent ?? 0), total: format.bytes(file.size) })}
          {!whole && progress?.secondsLeft != null && ` · ${t('import.left', { duration: format.duration(progress.secondsLeft) })}`}
        </span>
        <Button variant="default" size="xs" onClick={stop}>
          {t('imports.stop')}
        </Button>
      </div>
    </div>
  );
}
