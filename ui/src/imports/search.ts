import { textOf } from '../shell/search-params';

export interface NewImportSearch {
  /** The uploaded file whose columns are being mapped: the wizard can be left and taken up again. */
  import?: string;
  /** What the file to choose holds; orders where nothing is said. */
  kind?: string;
}

export const newImportSearch = (search: Record<string, unknown>): NewImportSearch => ({
  import: textOf(search.import),
  kind: textOf(search.kind),
});
