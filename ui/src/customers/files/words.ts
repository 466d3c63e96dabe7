import type { StoredFile } from '../../api/files';
import { save } from '../../components/download';

export const isPicture = ({ contentType }: Pick<StoredFile, 'contentType'>) => contentType.startsWith('image/');

/** A picture in a tab of its own, anything else as a download: nothing that was uploaded opens within the console. */
export function follow(path: string, file: Pick<StoredFile, 'contentType' | 'name'>) {
  if (!isPicture(file)) return save(path, file.name);
  const link = document.createElement('a');
  link.href = path;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.click();
}
