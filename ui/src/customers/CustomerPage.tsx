import { Alert, Skeleton, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { customerQuery } from '../api/queries';
import type { CustomerDetail } from '../api/types';
import { PageHeader, crumbClass } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import type { Key } from '../i18n/catalogue';
import { useOrganization, usePermissions } from '../shell/organization';
import classes from './Customer.module.css';
import { CustomerFacts } from './CustomerFacts';
import { CustomerState } from './CustomerState';
import { Details } from './Details';
import { Documents } from './files/Documents';
import { Orders } from './Orders';
import { PersonActions } from './person/PersonActions';
import { useOwnAddress } from './person/useOwnAddress';
import { customerTabs, type CustomerTab } from './search';
import { Timeline } from './Timeline';
import { TimelineFilter } from './TimelineFilter';
import { customerName, isErased } from './words';

const tabNames: Record<CustomerTab, Key> = {
  timeline: 'customer.tab.timeline',
  orders: 'customer.tab.orders',
  files: 'customer.tab.files',
  details: 'customer.tab.details',
};

export function CustomerPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { id } = useParams({ from: '/o/$slug/customers/$id' });
  const query = useQuery(customerQuery(slug, id));
  useOwnAddress(query);
  const list = (
    <Link to="/o/$slug/customers" params={{ slug }} className={crumbClass}>
      {t('nav.customers')}
    </Link>
  );
  return (
    <>
      <PageHeader
        title={query.data ? customerName(query.data) : t('customer.one')}
        crumbs={[t('nav.people'), list]}
        actions={query.data && <PersonActions customer={query.data} />}
      />
      <QueryState query={query} failed={t('customer.failed')} skeleton={<CustomerSkeleton />}>
        {(customer) => <Loaded customer={customer} />}
      </QueryState>
    </>
  );
}

function Loaded({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const plain = usePlainT();
  const { tab = 'timeline', type } = useSearch({ from: '/o/$slug/customers/$id' });
  const { readDocuments } = usePermissions();
  const navigate = useNavigate({ from: '/o/$slug/customers/$id' });
  const shown = customerTabs.filter((name) => name !== 'files' || readDocuments);
  const choose = (next: string | null) =>
    void navigate({ search: (now) => ({ ...now, tab: next === 'timeline' ? undefined : (next as CustomerTab) }), resetScroll: false });
  return (
    <>
      <div className={classes.identity}>
        <CustomerState customer={customer} />
      </div>
      <div className={classes.body}>
        {isErased(customer) && (
          <Alert color="gray" variant="light" title={t('erase.erased.title')}>
            {t('erase.erased.text')}
          </Alert>
        )}
        <CustomerFacts customer={customer} />
        <Tabs value={tab} onChange={choose} keepMounted={false}>
          <Tabs.List aria-label={t('customer.tabs')} mb="md">
            {shown.map((name) => (
              <Tabs.Tab key={name} value={name}>
                {plain(tabNames[name])}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="timeline">
            <div className={classes.filter}>
              <TimelineFilter
                id={customer.id}
                value={type}
                onChange={(next) => void navigate({ search: (now) => ({ ...now, type: next }), resetScroll: false })}
              />
            </div>
            <Timeline id={customer.id} type={type} />
          </Tabs.Panel>
          <Tabs.Panel value="orders">
            <Orders id={customer.id} />
          </Tabs.Panel>
          <Tabs.Panel value="files">
            <Documents customer={customer} />
          </Tabs.Panel>
          <Tabs.Panel value="details">
            <Details customer={customer} />
          </Tabs.Panel>
        </Tabs>
      </div>
    </>
  );
}

function CustomerSkeleton() {
  return (
    <div className={classes.body} aria-hidden="true">
      <Skeleton h={16} w={320} />
      <Skeleton h={74} radius="md" />
      <Skeleton h={36} w={280} />
      <Skeleton h={320} radius="md" />
    </div>
  );
}
