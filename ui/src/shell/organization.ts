import { createContext, use } from 'react';
import type { Membership } from '../api/types';

export const OrganizationContext = createContext<Membership | null>(null);

/** The organization of the page: every request and every link needs its slug. */
export function useOrganization(): Membership {
  const membership = use(OrganizationContext);
  if (!membership) throw new Error('This is used outside an organization.');
  return membership;
}

/** permission, resource, action: as the server's endpoints name what they ask for. */
export type Act = readonly [permission: string, resource: string, action: string];

/** The server's rule (platform.may), for what to show. The server decides; this only spares people what would be refused. */
export function allows({ role, isOperator, permissions }: Pick<Membership, 'role' | 'isOperator' | 'permissions'>, act: Act): boolean {
  // What concerns the whole installation is not told by one's role alone.
  if (act[0] === 'platform_management' && (act[1] === 'installation' || act[1] === 'backups')) return isOperator;
  if (role === 'super_admin') return true;
  if (act[0] === 'platform_management') return false;
  return permissions.some((row) => row.split(':').every((word, i) => word === '*' || word === act[i]));
}

export const acts = {
  import: ['customer_data', 'imports', 'create'],
  readImports: ['customer_data', 'imports', 'read'],
  readCustomers: ['customer_data', 'customers', 'read'],
  manageCustomers: ['customer_data', 'customers', 'delete'],
  readDocuments: ['customer_data', 'files', 'read'],
  addDocuments: ['customer_data', 'files', 'create'],
  deleteDocuments: ['customer_data', 'files', 'delete'],
  readFiles: ['files', 'files', 'read'],
  addFiles: ['files', 'files', 'create'],
  deleteFiles: ['files', 'files', 'delete'],
  openSensitiveFiles: ['sensitive_data', 'files', 'read'],
  analyse: ['analytics', 'queries', 'read'],
  watch: ['collection', 'events', 'read'],
  manageSources: ['collection', 'sources', 'update'],
  administer: ['organization_management', 'organization', 'update'],
  readTrail: ['organization_management', 'audit', 'read'],
  readHealth: ['organization_management', 'health', 'read'],
  readErrors: ['organization_management', 'errors', 'read'],
  resolveErrors: ['organization_management', 'errors', 'update'],
  operate: ['platform_management', 'installation', 'read'],
  readPeople: ['user_management', 'platform_users', 'read'],
  invitePeople: ['user_management', 'platform_users', 'create'],
  changePeople: ['user_management', 'platform_users', 'update'],
  removePeople: ['user_management', 'platform_users', 'delete'],
  manageRoles: ['platform_management', 'roles', 'update'],
  manageBackups: ['platform_management', 'backups', 'execute'],
  own: ['platform_management', 'organization', 'delete'],
} as const satisfies Record<string, Act>;

/** What the person may do here, act by act. */
export function usePermissions(): Record<keyof typeof acts, boolean> {
  const membership = useOrganization();
  return Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, allows(membership, act)])) as Record<
    keyof typeof acts,
    boolean
  >;
}
