import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ImportFormat, ImportPreview } from '../../api/imports.types';
import { importPreviewQuery } from '../../api/queries';
import { useOrganization } from '../../shell/organization';

/** The first records as the chosen delimiter and encoding read them, so that the columns follow both. Until then, or if they cannot be read so: as before. */
export function usePreview(id: string, { delimiter, encoding }: ImportFormat, guessed: ImportPreview, asking: boolean): ImportPreview {
  const { slug } = useOrganization();
  const { format } = guessed.suggested;
  const asGuessed = delimiter === format.delimiter && encoding === format.encoding;
  const { data } = useQuery({
    ...importPreviewQuery(slug, id, { delimiter, encoding }),
    enabled: asking && !asGuessed,
    placeholderData: keepPreviousData,
  });
  return asGuessed ? guessed : (data ?? guessed);
}
