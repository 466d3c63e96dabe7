import { Button, Group } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { checkMapping, startImport } from '../../api/actions';
import type { Import, ImportField, ImportPreview } from '../../api/imports.types';
import { asProblem } from '../../api/problem';
import { importQuery } from '../../api/queries';
import { Card } from '../../components/Card';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useFormat, useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { ColumnFields } from './ColumnFields';
import { FormatFields } from './FormatFields';
import { KindFields } from './KindFields';
import { LiveCheck } from './LiveCheck';
import { missingFields } from './mapping';
import classes from './Mapping.module.css';
import { MappingFile } from './MappingFile';
import { useDraft } from './useDraft';
import { useFieldWords } from './useFieldWords';
import { usePreview } from './usePreview';

interface MappingBuilderProps {
  item: Import;
  /** The file as the server took it to be written. */
  guessed: ImportPreview;
  fields: ImportField[];
}

/** What the columns mean on the left, what comes of it on the right, renewed as it changes. */
export function MappingBuilder({ item, guessed, fields }: MappingBuilderProps) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { label } = useFieldWords(item.kind);
  const { draft, setDraft, forget } = useDraft(item.id, item.mapping ?? guessed.suggested);
  const [mapping] = useDebouncedValue(draft, 400);
  const asked = importQuery(slug, item.id).queryKey;
  const start = useMutation({
    // The file of a small import is gone before its page is shown: nothing may ask for it any more.
    onMutate: () => client.cancelQueries({ queryKey: asked }),
    mutationFn: () => startImport(slug, item.id, draft),
    onSuccess: async (started) => {
      client.setQueryData(asked, started);
      await navigate({ to: '/o/$slug/imports/$id', params: { slug, id: item.id } });
      forget();
    },
  });
  const asking = start.isIdle || start.isError;
  const preview = usePreview(item.id, mapping.format, guessed, asking);
  const check = useQuery({
    queryKey: [...asked, 'check', mapping],
    queryFn: ({ signal }) => checkMapping(slug, item.id, mapping, signal),
    enabled: asking,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

  const missing = missingFields(draft, fields);
  // A refused check says which fields are wrong just as a refused start does.
  const problems = { ...check.data?.problems, ...asProblemFields(check.error), ...asProblemFields(start.error) };
  const part = { mapping: draft, change: setDraft, problems };
  return (
    <>
      <div className={classes.builder}>
        <div className={classes.column}>
          <Card title={t('mapping.columns')} actions={<MappingFile item={item} mapping={draft} change={setDraft} />}>
            <ColumnFields {...part} kind={item.kind} fields={fields} preview={preview} />
          </Card>
          <Card title={t('mapping.format')}>
            <FormatFields {...part} fields={fields} />
          </Card>
          {item.kind === 'orders' && (
            <Card title={t('mapping.kinds')}>
              <KindFields {...part} />
            </Card>
          )}
        </div>
        <div className={classes.answer}>
          <LiveCheck kind={item.kind} check={check} preview={preview} fields={fields} />
        </div>
      </div>
      <div className={classes.foot}>
        <ProblemAlert error={start.error} />
        <Group justify="space-between" gap="sm">
          <span className={classes.hint}>
            {missing.length > 0
              ? t('mapping.missing', { fields: format.list(missing.map(label)) })
              : t('mapping.ready', { name: item.fileName, size: format.bytes(item.fileSize) })}
          </span>
          <Button disabled={missing.length > 0} loading={start.isPending} onClick={() => start.mutate()}>
            {t('mapping.start')}
          </Button>
        </Group>
      </div>
    </>
  );
}

const asProblemFields = (error: unknown) => (error ? asProblem(error).fields : {});
