import { ActionIcon, Badge, Button, Group, Modal, Skeleton, Stack, Text, Tooltip } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { deleteDocument, documentsQuery, linkToDocument, type StoredFile } from '../../api/files';
import type { CustomerDetail } from '../../api/types';
import { Card } from '../../components/Card';
import { Icon } from '../../components/Icon';
import { useNotify } from '../../components/Notices';
import { EmptyState, QueryState } from '../../components/PageState';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useReturnFocus } from '../../components/useReturnFocus';
import { When } from '../../components/Values';
import { useFormat, useT } from '../../i18n/I18n';
import { useOrganization, usePermissions } from '../../shell/organization';
import { isErased } from '../words';
import { AddDocument } from './AddDocument';
import classes from './Documents.module.css';
import { follow, isPicture } from './words';

/** Documents of a customer: added, opened by links that end soon, deleted. */
export function Documents({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const { slug } = useOrganization();
  const { addDocuments } = usePermissions();
  const query = useInfiniteQuery(documentsQuery(slug, customer.id));
  const [deleting, setDeleting] = useState<StoredFile | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const focusAfter = useReturnFocus<HTMLElement>(deleting !== null);
  const open = useMutation({
    mutationFn: (file: StoredFile) => linkToDocument(slug, customer.id, file.id, isPicture(file)),
    onSuccess: (link, file) => follow(link.path, file),
  });
  const close = (done: boolean) => {
    // The button that was pressed goes with the document.
    if (done) focusAfter.current = list.current;
    setDeleting(null);
  };
  return (
    <Card title={t('documents.title')}>
      <QueryState query={query} failed={t('documents.failed')} skeleton={<Skeleton h={120} />}>
        {({ pages }) => (
          <>
            {addDocuments && !isErased(customer) && <AddDocument customer={customer.id} largestBytes={pages[0]!.largestBytes} />}
            {pages[0]!.items.length === 0 ? (
              <EmptyState icon="file" title={t('documents.none.title')} why={t('documents.none.text')} />
            ) : (
              <ul ref={list} tabIndex={-1} className={classes.list} aria-label={t('documents.title')}>
                {pages
                  .flatMap(({ items }) => items)
                  .map((file) => (
                    <Line
                      key={file.id}
                      file={file}
                      opening={open.isPending && open.variables.id === file.id}
                      open={() => open.mutate(file)}
                      remove={(button) => {
                        focusAfter.current = button;
                        setDeleting(file);
                      }}
                    />
                  ))}
              </ul>
            )}
            {query.hasNextPage && (
              <Button variant="subtle" size="xs" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
                {t('documents.more')}
              </Button>
            )}
            <ProblemAlert error={open.error} />
          </>
        )}
      </QueryState>
      {deleting && <DeleteDocument customer={customer.id} file={deleting} close={close} />}
    </Card>
  );
}

interface LineProps {
  file: StoredFile;
  opening: boolean;
  open: () => void;
  remove: (button: HTMLElement) => void;
}

function Line({ file, opening, open, remove }: LineProps) {
  const t = useT();
  const format = useFormat();
  const { openSensitiveFiles, deleteDocuments } = usePermissions();
  const locked = file.sensitive && !openSensitiveFiles;
  return (
    <li className={classes.file}>
      <Icon name="file" size={20} />
      <div className={classes.text}>
        <div className={classes.name}>
          {file.name}
          {file.sensitive && (
            <Badge variant="default" leftSection={<Icon name="lock" size={12} />} style={{ textTransform: 'none' }}>
              {t('documents.sensitive')}
            </Badge>
          )}
        </div>
        <div className={classes.facts}>
          {format.bytes(file.bytes)} · <When at={file.createdAt} />
          {file.uploadedBy && ` · ${t('documents.by', { name: file.uploadedBy })}`}
          {locked && ` · ${t('documents.locked')}`}
        </div>
      </div>
      {!locked && (
        <Tooltip label={t('documents.open', { name: file.name })}>
          <ActionIcon variant="default" size="lg" aria-label={t('documents.open', { name: file.name })} loading={opening} onClick={open}>
            <Icon name={isPicture(file) ? 'eye' : 'download'} />
          </ActionIcon>
        </Tooltip>
      )}
      {deleteDocuments && (
        <Tooltip label={t('documents.delete', { name: file.name })}>
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t('documents.delete', { name: file.name })}
            onClick={(event) => remove(event.currentTarget)}
          >
            <Icon name="trash" />
          </ActionIcon>
        </Tooltip>
      )}
    </li>
  );
}

function DeleteDocument({ customer, file, close }: { customer: string; file: StoredFile; close: (done: boolean) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  const remove = useMutation({
    mutationFn: () => deleteDocument(slug, customer, file.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: documentsQuery(slug, customer).queryKey });
      notify({ text: t('documents.deleted', { name: file.name }) });
      close(true);
    },
  });
  return (
    <Modal opened onClose={() => close(false)} title={t('documents.delete.title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Stack gap="md">
        <Text>{t('documents.delete.text', { name: file.name })}</Text>
        <ProblemAlert error={remove.error} />
        <Group justify="flex-end" gap="xs">
          <Button data-autofocus variant="default" onClick={() => close(false)}>
            {t('action.keep')}
          </Button>
          <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t('documents.delete.action')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
