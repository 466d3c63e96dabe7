import { Menu, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState, useSyncExternalStore } from 'react';
import { organizationQuery } from '../api/queries';
import type { Membership } from '../api/types';
import { chooseWorkspace, chosenWorkspace, watchWorkspace } from '../api/workspace';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Navigation.module.css';
import { useOrganization } from './organization';

const FoundOrganization = lazy(() => import('../settings/FoundOrganization'));

export function OrganizationSwitcher({ organizations }: { organizations: Membership[] }) {
  const t = useT();
  const navigate = useNavigate();
  const current = useOrganization();
  const client = useQueryClient();
  const { data } = useQuery(organizationQuery(current.slug));
  const [founding, setFounding] = useState(false);
  const chosen = useSyncExternalStore(watchWorkspace, () => chosenWorkspace(current.slug));
  const workspaces = data?.workspaces.filter((w) => w.closedAt === null) ?? [];
  const workspace = workspaces.find((w) => w.slug === chosen);
  const work = (slug: string | null) => {
    chooseWorkspace(current.slug, slug);
    void client.invalidateQueries({ queryKey: ['o', current.slug] });
  };
  return (
    <>
      <Menu width="target" position="bottom-start">
        <Menu.Target>
          <UnstyledButton className={classes.menu}>
            <span className={classes.mark} aria-hidden="true">
              {current.name.slice(0, 1).toUpperCase()}
            </span>
            <span className={classes.name}>
              {workspace ? `${current.name} · ${workspace.name}` : current.name}
              <VisuallyHidden>{t('shell.switchOrganization')}</VisuallyHidden>
            </span>
            <Icon name="chevronDown" />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('shell.organizations')}</Menu.Label>
          {organizations.map((organization) => (
            <Menu.Item
              key={organization.id}
              aria-current={organization.slug === current.slug || undefined}
              rightSection={organization.slug === current.slug && <Icon name="check" />}
              onClick={() => void navigate({ to: '/o/$slug/overview', params: { slug: organization.slug } })}
            >
              {organization.name}
            </Menu.Item>
          ))}
          {workspaces.length > 1 && (
            <>
              <Menu.Divider />
              <Menu.Label>{t('workspaces.title')}</Menu.Label>
              {[null, ...workspaces].map((choice) => (
                <Menu.Item
                  key={choice?.id ?? 'all'}
                  aria-current={choice?.id === workspace?.id || undefined}
                  rightSection={choice?.id === workspace?.id && <Icon name="check" />}
                  onClick={() => work(choice?.slug ?? null)}
                >
                  {choice?.name ?? t('shell.allWorkspaces')}
                </Menu.Item>
              ))}
            </>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<Icon name="plus" />} onClick={() => setFounding(true)}>
            {t('shell.newOrganization')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>{founding && <FoundOrganization close={() => setFounding(false)} />}</Suspense>
    </>
  );
}
