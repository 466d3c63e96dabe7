import { Skeleton } from '@mantine/core';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { organizationQuery, sessionQuery } from '../api/queries';
import { PageHeader } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { GiveAway } from './GiveAway';
import { OrganizationForm } from './OrganizationForm';
import classes from './Settings.module.css';
import { Workspaces } from './Workspaces';
import { WriteKey } from './WriteKey';

export function OrganizationPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { own } = usePermissions();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const query = useQuery(organizationQuery(slug));
  return (
    <>
      <PageHeader title={t('nav.organization')} crumbs={[t('nav.settings')]} />
      <div className={classes.page}>
        <QueryState
          query={query}
          failed={t('settings.failed')}
          skeleton={
            <>
              <Skeleton h={330} radius="md" aria-hidden="true" />
              <Skeleton h={150} radius="md" aria-hidden="true" />
            </>
          }
        >
          {(organization) => (
            <>
              <OrganizationForm key={organization.id} organization={organization} />
              <WriteKey value={organization.writeKey} />
              <Workspaces organization={organization} />
              {own && <GiveAway organization={organization} own={session.user.id} />}
            </>
          )}
        </QueryState>
      </div>
    </>
  );
}
