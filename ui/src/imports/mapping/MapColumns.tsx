import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import { importFieldsQuery, importPreviewQuery, importQuery } from '../../api/queries';
import { QueryState } from '../../components/PageState';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import classes from './Mapping.module.css';
import { MappingBuilder } from './MappingBuilder';

/** Everything the second step needs; a file that has been started already is shown on its own page instead. */
export function MapColumns({ id }: { id: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const file = useQuery(importQuery(slug, id));
  const preview = useQuery({ ...importPreviewQuery(slug, id), enabled: file.data?.state === 'uploaded' });
  const fields = useQuery({ ...importFieldsQuery(slug, file.data?.kind ?? 'orders'), enabled: Boolean(file.data) });
  const waiting = (
    <div className={classes.builder} aria-hidden="true">
      <Skeleton h={520} radius="md" />
      <Skeleton h={520} radius="md" />
    </div>
  );
  return (
    <QueryState query={file} failed={t('import.failed')} skeleton={waiting}>
      {(item) =>
        item.state !== 'uploaded' ? (
          <Navigate to="/o/$slug/imports/$id" params={{ slug, id }} replace />
        ) : (
          <QueryState query={preview} failed={t('mapping.previewFailed')} skeleton={waiting}>
            {(read) => (
              <QueryState query={fields} failed={t('mapping.fieldsFailed')} skeleton={waiting}>
                {(known) => <MappingBuilder item={item} guessed={read} fields={known.fields} />}
              </QueryState>
            )}
          </QueryState>
        )
      }
    </QueryState>
  );
}
