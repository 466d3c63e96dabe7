import { createContext, use } from 'react';
import type { Membership, Role } from '../api/types';

export const OrganizationContext = createContext<Membership | null>(null);

/** The organization of the page: every request and every link needs its slug. */
export function useOrganization(): Membership {
  const membership = use(OrganizationContext);
  if (!membership) throw new Error('This is used outside an organization.');
  return membership;
}

const mayImport: readonly Role[] = ['super_admin', 'admin', 'marketing_manager'];
const mayAdminister: readonly Role[] = ['super_admin', 'admin'];

/** The server decides; this only spares people buttons that would be refused. */
export function usePermissions() {
  const { role } = useOrganization();
  return { import: mayImport.includes(role), administer: mayAdminister.includes(role), manageCustomers: mayAdminister.includes(role) };
}
