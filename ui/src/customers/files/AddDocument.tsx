import { Button, Checkbox, FileButton, Progress } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useEffect, useRef, useState, type DragEvent } from 'react';
import { documentsPath, documentsQuery, type StoredFile } from '../../api/files';
import { upload, type Upload, type UploadProgress } from '../../api/upload';
import { Icon } from '../../components/Icon';
import { useNotify } from '../../components/Notices';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useFormat, useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import classes from './Documents.module.css';

interface Sending {
  file: File;
  progress: UploadProgress | null;
}

const accepted = '.jpg,.jpeg,.png,.gif,.webp,.pdf,.docx,.xlsx,.txt,.md,.csv,.tsv,.json,.zip';

/** Chosen or dropped, sent with its progress, and to be stopped. */
export function AddDocument({ customer, largestBytes }: { customer: string; largestBytes: number }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  const [sensitive, setSensitive] = useState(false);
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<{ failure: unknown; text?: string } | null>(null);
  const [over, setOver] = useState(false);
  const current = useRef<Upload<StoredFile> | null>(null);
  const forget = useRef<() => void>(null);
  useEffect(() => () => current.current?.abort(), []);
  useBlocker({
    shouldBlockFn: () => current.current !== null && !window.confirm(t('documents.leave')),
    enableBeforeUnload: () => current.current !== null,
  });

  const send = async (file: File | null) => {
    // Else the same file, made smaller, could not be chosen again.
    forget.current?.();
    if (!file || current.current) return;
    if (file.size > largestBytes) {
      const text = t('documents.tooLarge', { name: file.name, size: format.bytes(file.size), most: format.bytes(largestBytes) });
      setError({ failure: new Error(text), text });
      return;
    }
    setError(null);
    setSending({ file, progress: null });
    current.current = upload<StoredFile>(
      documentsPath(customer),
      { name: file.name, sensitive: sensitive || undefined },
      slug,
      file,
      (progress) => setSending({ file, progress }),
    );
    try {
      const added = await current.current.done;
      await client.invalidateQueries({ queryKey: documentsQuery(slug, customer).queryKey });
      notify({ text: t('documents.added', { name: added.name }) });
    } catch (failure) {
      if (!(failure instanceof DOMException && failure.name === 'AbortError')) setError({ failure });
    } finally {
      current.current = null;
      setSending(null);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send(event.dataTransfer.files[0] ?? null);
  };

  return (
    <>
      {sending ? (
        // A second file dropped meanwhile waits for its turn in somebody's folder; without this the browser would leave for it.
        <div onDragOver={(event) => event.preventDefault()} onDrop={(event) => event.preventDefault()}>
          <Sent sending={sending} stop={() => current.current?.abort()} />
        </div>
      ) : (
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
          <div className={classes.choose}>
            <FileButton resetRef={forget} onChange={(file) => void send(file)} accept={accepted}>
              {(props) => (
                <Button {...props} leftSection={<Icon name="upload" />}>
                  {t('documents.choose')}
                </Button>
              )}
            </FileButton>
            <p className={classes.hint}>{t('documents.accepts', { size: format.bytes(largestBytes) })}</p>
          </div>
          <Checkbox
            label={t('documents.sensitive')}
            description={t('documents.sensitive.what')}
            checked={sensitive}
            onChange={(event) => setSensitive(event.currentTarget.checked)}
            maw={340}
          />
        </div>
      )}
      {error && <ProblemAlert error={error.failure} text={error.text} />}
    </>
  );
}

function Sent({ sending: { file, progress }, stop }: { sending: Sending; stop: () => void }) {
  const t = useT();
  const format = useFormat();
  const ratio = progress && progress.total > 0 ? progress.sent / progress.total : 0;
  return (
    <div className={classes.sending}>
      <strong>{file.name}</strong>
      <Progress value={ratio * 100} aria-label={t('documents.uploading', { name: file.name })} />
      <div className={classes.row}>
        <span role="status" className="figure">
          {ratio >= 1
            ? t('documents.checking')
            : t('documents.sent', { sent: format.bytes(progress?.sent ?? 0), total: format.bytes(file.size) })}
        </span>
        <Button variant="default" size="xs" onClick={stop}>
          {t('documents.stop')}
        </Button>
      </div>
    </div>
  );
}
