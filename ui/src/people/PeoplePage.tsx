import { ActionIcon, Badge, Button, Menu, Select, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { changePerson, peopleQuery, removePerson, resendInvitation, rolesQuery } from '../api/people';
import type { Invited, Member, Role } from '../api/people.types';
import { sessionQuery } from '../api/queries';
import { Card } from '../components/Card';
import { DangerousAct } from '../components/DangerousAct';
import { Icon } from '../components/Icon';
import { useNotify } from '../components/Notices';
import { PageHeader } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { When } from '../components/Values';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization, usePermissions } from '../shell/organization';
import { InviteDialog, InvitedDialog } from './InviteDialog';
import classes from './People.module.css';
import { statusNames, useRoleName } from './words';

const toneOf: Record<Member['status'], string> = { active: 'good', suspended: 'bad', inactive: 'idle', pending_invitation: 'idle' };

const nameOf = (member: Member) => member.name ?? member.email ?? member.id;

export function PeoplePage() {
  const t = useT();
  const { slug } = useOrganization();
  const may = usePermissions();
  const people = useQuery(peopleQuery(slug));
  const roles = useQuery(rolesQuery(slug));
  const [inviting, setInviting] = useState(false);
  return (
    <>
      <PageHeader
        title={t('nav.staff')}
        crumbs={[t('nav.settings')]}
        actions={
          may.invitePeople && (
            <Button leftSection={<Icon name="plus" />} onClick={() => setInviting(true)}>
              {t('people.invite')}
            </Button>
          )
        }
      />
      <div className={classes.page}>
        <QueryState query={people} failed={t('people.failed')} skeleton={<Skeleton h={280} radius="md" aria-hidden="true" />}>
          {(members) => <Members members={members} roles={roles.data?.roles ?? []} />}
        </QueryState>
      </div>
      {inviting && <InviteDialog roles={roles.data?.roles ?? []} close={() => setInviting(false)} />}
    </>
  );
}

function Members({ members, roles }: { members: Member[]; roles: Role[] }) {
  const t = useT();
  const plain = usePlainT();
  const client = useQueryClient();
  const notify = useNotify();
  const { slug, role: mine } = useOrganization();
  const may = usePermissions();
  const roleName = useRoleName();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [removing, setRemoving] = useState<Member | null>(null);
  const [resent, setResent] = useState<{ email: string; invited: Invited } | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: peopleQuery(slug).queryKey });
  const change = useMutation({
    mutationFn: ({ id, ...changes }: { id: string; role?: string; status?: 'active' | 'suspended' }) => changePerson(slug, id, changes),
    onSuccess: async () => {
      await refresh();
      notify({ text: t('people.changed') });
    },
  });
  const resend = useMutation({
    mutationFn: (member: Member) => resendInvitation(slug, member.id),
    onSuccess: async (invited, member) => {
      setResent({ email: nameOf(member), invited });
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: (member: Member) => removePerson(slug, member.id),
    onSuccess: async (_, member) => {
      setRemoving(null);
      await refresh();
      notify({ text: t('people.removed', { name: nameOf(member) }) });
    },
  });
  const rankOf = (role: string) => roles.find((r) => r.role === role)?.rank ?? 0;
  // Nobody gives or touches a role above their own.
  const givable = roles.filter((r) => r.rank >= rankOf(mine)).map((r) => ({ value: r.role, label: roleName(r.role, roles) }));
  const rows = members.map((member) => {
    const reach = rankOf(member.role) >= rankOf(mine);
    const invited = member.status === 'pending_invitation';
    return [
      <span key="name">
        {nameOf(member)}{' '}
        {member.id === session.user.id && (
          <Badge variant="default" size="sm" tt="none">
            {t('people.you')}
          </Badge>
        )}
        {member.name && <small style={{ display: 'block' }}>{member.email}</small>}
      </span>,
      may.changePeople && reach ? (
        <Select
          key="role"
          size="xs"
          w={180}
          aria-label={t('people.roleOf', { name: nameOf(member) })}
          data={givable}
          value={member.role}
          allowDeselect={false}
          onChange={(role) => role && role !== member.role && change.mutate({ id: member.id, role })}
        />
      ) : (
        roleName(member.role, roles)
      ),
      <span key="status" className={classes.state} data-tone={toneOf[member.status]}>
        {plain(statusNames[member.status])}
      </span>,
      t(member.secondFactor ? 'people.twoStep.on' : 'people.twoStep.off'),
      invited ? (
        <span key="until">
          {t('people.until')} <When at={member.invitationExpires} show="date" />
        </span>
      ) : (
        <When key="last" at={member.lastLogin} />
      ),
      <MemberActions
        key="actions"
        member={member}
        may={{ change: may.changePeople && reach, invite: may.invitePeople && reach, remove: may.removePeople && reach }}
        setStatus={(status) => change.mutate({ id: member.id, status })}
        resend={() => resend.mutate(member)}
        remove={() => setRemoving(member)}
      />,
    ];
  });
  return (
    <Card title={t('people.count', { count: members.length })}>
      <ProblemAlert error={change.error ?? resend.error} />
      <PlainTable
        label={t('nav.staff')}
        columns={[
          { label: t('people.name') },
          { label: t('people.role') },
          { label: t('people.status') },
          { label: t('people.twoStep'), wideOnly: true },
          { label: t('people.lastLogin'), wideOnly: true },
          { label: '', align: 'right' },
        ]}
        rows={rows}
      />
      {resent && <InvitedDialog email={resent.email} invited={resent.invited} close={() => setResent(null)} />}
      {removing && (
        <DangerousAct
          title={t('people.remove.title', { name: nameOf(removing) })}
          consequences={[t('people.remove.out'), t('people.remove.account')]}
          stays={[t('people.remove.stays')]}
          remark={t('people.remove.remark')}
          name={removing.email ?? nameOf(removing)}
          action={t('people.remove')}
          onConfirm={() => remove.mutate(removing)}
          onClose={() => setRemoving(null)}
          pending={remove.isPending}
          error={remove.error}
        />
      )}
    </Card>
  );
}

interface MemberActionsProps {
  member: Member;
  may: { change: boolean; invite: boolean; remove: boolean };
  setStatus: (status: 'active' | 'suspended') => void;
  resend: () => void;
  remove: () => void;
}

function MemberActions({ member, may, setStatus, resend, remove }: MemberActionsProps) {
  const t = useT();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const invited = member.status === 'pending_invitation';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('people.actions', { name: nameOf(member) })}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void navigate({ to: '/o/$slug/settings/roles', params: { slug }, search: { person: member.id } })}>
          {t('people.why')}
        </Menu.Item>
        {may.invite && invited && <Menu.Item onClick={resend}>{t('people.resend')}</Menu.Item>}
        {may.change && member.status === 'active' && <Menu.Item onClick={() => setStatus('suspended')}>{t('people.suspend')}</Menu.Item>}
        {may.change && ['suspended', 'inactive'].includes(member.status) && (
          <Menu.Item onClick={() => setStatus('active')}>{t('people.letIn')}</Menu.Item>
        )}
        {may.remove && <Menu.Item onClick={remove}>{t(invited ? 'people.withdraw' : 'people.remove')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
