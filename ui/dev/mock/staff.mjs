/** Who works here, roles, and the account of whoever is signed in: made up, and kept until the mock ends. */

const now = new Date().toISOString();
const in7Days = new Date(Date.now() + 7 * 86_400_000).toISOString();

const members = [
  { id: 'u1', email: 'ada@example.org', name: 'Ada Lovelace', role: 'admin', status: 'active', secondFactor: true },
  { id: 'u2', email: 'sue@example.org', name: 'Sue Perman', role: 'super_admin', status: 'active', secondFactor: true },
  { id: 'u3', email: 'mo@example.org', name: 'Mo Viewer', role: 'viewer', status: 'suspended', secondFactor: false },
  { id: 'u4', email: 'new@example.org', name: null, role: 'data_analyst', status: 'pending_invitation', secondFactor: false },
].map((m) => ({
  emailVerified: true,
  lastLogin: m.status === 'pending_invitation' ? null : now,
  invitedBy: null,
  invitationExpires: m.status === 'pending_invitation' ? in7Days : null,
  createdAt: now,
  ...m,
}));

const rows = (...written) =>
  written.map((row) => {
    const [permission, resource, action] = row.split(':');
    return { permission, resource, action };
  });

const role = (name, rank, ...written) => ({
  role: name,
  name: null,
  description: '',
  rank,
  access: rank <= 2 ? 'admin' : 'member',
  isCustom: false,
  members: members.filter((m) => m.role === name).length,
  permissions: rows(...written),
});

const roles = [
  role('super_admin', 1, 'platform_management:*:*'),
  role('admin', 2, 'customer_data:*:*', 'user_management:platform_users:*'),
  role('marketing_manager', 3, 'campaign_management:*:*'),
  role('data_analyst', 4, 'customer_data:*:read', 'analytics:*:*'),
  role('viewer', 5, 'customer_data:*:read'),
];

const acts = rows('customer_data:customers:read', 'customer_data:customers:delete', 'user_management:platform_users:create').map((act) => ({
  ...act,
  words: '',
  roles: ['super_admin', 'admin'],
}));

const sessions = [
  {
    id: 's1',
    isCurrent: true,
    deviceType: 'desktop',
    browser: 'Firefox',
    os: 'Linux',
    address: '192.0.2.7',
    country: 'GB',
    city: null,
    isSuspicious: false,
    flags: [],
  },
  {
    id: 's2',
    isCurrent: false,
    deviceType: 'other',
    browser: 'curl',
    os: null,
    address: '198.51.100.3',
    country: 'AQ',
    city: null,
    isSuspicious: true,
    flags: ['new_country', 'new_device'],
  },
].map((s) => ({ createdAt: now, lastActivity: now, expiresAt: in7Days, ...s }));

let twoStep = { enabledAt: null, recoveryCodesLeft: 0 };
const recoveryCodes = Array.from({ length: 10 }, (_, i) => `abcd-efgh-jkmn-${String(i).repeat(4)}`);

export const routes = [
  ['GET', '/people', () => members],
  [
    'POST',
    '/people',
    ({ body }) => ({ id: 'u9', mailed: false, link: `http://127.0.0.1:8090/invitation#${body.email}`, expires: in7Days }),
  ],
  ['GET', '/roles', () => ({ roles, acts })],
  [
    'GET',
    '/people/:id/may',
    ({ id }) => {
      const { name, role, status } = members.find((m) => m.id === id) ?? members[0];
      return {
        allowed: role === 'super_admin',
        why: role === 'super_admin' ? 'super_admin' : 'not_granted',
        name,
        role,
        status,
        rows: [],
        near: [],
        roles: ['super_admin'],
      };
    },
  ],
  ['GET', '/session/ways', () => ({ mail: true, oAuth: 'Example' })],
  ['GET', '/session/sessions', () => sessions],
  ['GET', '/session/two-step', () => twoStep],
  [
    'POST',
    '/session/two-step',
    () => ({ secret: 'JBSWY3DPEHPK3PXP', address: 'otpauth://totp/Clientele:ada?secret=JBSWY3DPEHPK3PXP&issuer=Clientele' }),
  ],
  [
    'POST',
    '/session/two-step/confirm',
    () => {
      twoStep = { enabledAt: now, recoveryCodesLeft: 10 };
      return { recoveryCodes };
    },
  ],
  ['POST', '/session/two-step/off', () => (twoStep = { enabledAt: null, recoveryCodesLeft: 0 })],
];
