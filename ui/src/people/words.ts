import type { MemberStatus, Permission, Role } from '../api/people.types';
import type { Key } from '../i18n/catalogue';
import { acts } from '../shell/organization';
import { usePlainT } from '../i18n/usePlainT';

const roleNames: Record<string, Key> = {
  super_admin: 'role.superAdmin',
  admin: 'role.admin',
  marketing_manager: 'role.marketingManager',
  data_analyst: 'role.dataAnalyst',
  viewer: 'role.viewer',
};

export const statusNames: Record<MemberStatus, Key> = {
  active: 'people.status.active',
  suspended: 'people.status.suspended',
  inactive: 'people.status.inactive',
  pending_invitation: 'people.status.invited',
};

/** The five are named here, those of the organization's own by it. */
export function useRoleName() {
  const plain = usePlainT();
  return (role: string, roles: readonly Pick<Role, 'role' | 'name'>[] = []) => {
    const known = roleNames[role];
    return known ? plain(known) : (roles.find((r) => r.role === role)?.name ?? role);
  };
}

export const writtenAct = ({ permission, resource, action }: Permission) => `${permission}:${resource}:${action}`;

export function readAct(text: string | undefined): Permission | null {
  const [permission, resource, action, more] = (text ?? '').split(':');
  return permission && resource && action && more === undefined ? { permission, resource, action } : null;
}

const actKeys: Record<string, Key> = {
  readCustomers: 'act.readCustomers',
  manageCustomers: 'act.manageCustomers',
  readImports: 'act.readImports',
  import: 'act.import',
  readDocuments: 'act.readDocuments',
  addDocuments: 'act.addDocuments',
  deleteDocuments: 'act.deleteDocuments',
  readFiles: 'act.readFiles',
  addFiles: 'act.addFiles',
  deleteFiles: 'act.deleteFiles',
  openSensitiveFiles: 'act.openSensitiveFiles',
  analyse: 'act.analyse',
  watch: 'act.watch',
  manageSources: 'act.manageSources',
  administer: 'act.administer',
  readTrail: 'act.readTrail',
  readHealth: 'act.readHealth',
  readErrors: 'act.readErrors',
  resolveErrors: 'act.resolveErrors',
  operate: 'act.operate',
  readPeople: 'act.readPeople',
  invitePeople: 'act.invitePeople',
  changePeople: 'act.changePeople',
  removePeople: 'act.removePeople',
  manageRoles: 'act.manageRoles',
  own: 'act.own',
};

/** What an act that the server asks for is called; one the console does not know is told by its words. */
export function useActName() {
  const plain = usePlainT();
  return (act: Permission): string => {
    const written = writtenAct(act);
    const name = Object.entries(acts).find(([, known]) => known.join(':') === written)?.[0];
    const key = name === undefined ? undefined : actKeys[name];
    return key ? plain(key) : written;
  };
}
