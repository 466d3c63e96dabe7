import { textOf } from '../shell/search-params';

/** Which role is open, or whose right is asked about. */
export interface RolesSearch {
  role?: string;
  person?: string;
  act?: string;
}

export const rolesSearch = (search: Record<string, unknown>): RolesSearch => ({
  role: textOf(search.role),
  person: textOf(search.person),
  act: textOf(search.act),
});
