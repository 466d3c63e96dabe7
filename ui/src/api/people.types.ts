/** People who work in an organization, how they prove who they are, and what they may do. */

export type MemberStatus = 'active' | 'suspended' | 'inactive' | 'pending_invitation';

export interface Member {
  id: string;
  email: string | null;
  name: string | null;
  role: string;
  status: MemberStatus;
  emailVerified: boolean | null;
  secondFactor: boolean;
  lastLogin: string | null;
  invitedBy: string | null;
  invitationExpires: string | null;
  createdAt: string;
}

export interface Invited {
  id: string;
  mailed: boolean;
  /** To pass on, when no mail went out. */
  link: string | null;
  expires: string;
}

export interface Invitation {
  organization: string;
  slug: string;
  email: string;
  inviter: string | null;
  role: string;
  hasAccount: boolean;
  expires: string;
}

export interface Permission {
  permission: string;
  resource: string;
  action: string;
}

export interface Role {
  role: string;
  name: string | null;
  description: string;
  rank: number;
  access: 'member' | 'admin';
  isCustom: boolean;
  members: number;
  permissions: Permission[];
}

export interface Roles {
  roles: Role[];
  /** What the server asks for, with the roles that may. */
  acts: (Permission & { words: string; roles: string[] })[];
}

export type Why = 'super_admin' | 'granted' | 'not_granted' | 'super_admin_only' | 'not_active';

export interface Explanation {
  allowed: boolean;
  why: Why;
  name: string | null;
  role: string;
  status: MemberStatus;
  rows: Permission[];
  near: Permission[];
  roles: string[];
}

export type SessionFlag = 'new_device' | 'new_address' | 'new_country';

export interface OwnSession {
  id: string;
  isCurrent: boolean;
  deviceType: string | null;
  browser: string | null;
  os: string | null;
  address: string | null;
  country: string | null;
  city: string | null;
  isSuspicious: boolean;
  flags: SessionFlag[];
  createdAt: string;
  lastActivity: string;
  expiresAt: string;
}

export interface TwoStep {
  enabledAt: string | null;
  recoveryCodesLeft: number;
}

/** The password was right; a code is awaited. */
export interface Challenge {
  challenge: string;
  expiresAt: string;
}

export interface Ways {
  mail: boolean;
  oAuth: string | null;
}
