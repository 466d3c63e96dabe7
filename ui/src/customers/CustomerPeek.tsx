import { Button, CloseButton, Drawer, Skeleton, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { KeyboardEvent } from 'react';
import { customerQuery } from '../api/queries';
import { useAnnounceChange } from '../components/Announcer';
import { QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { CustomerFacts } from './CustomerFacts';
import classes from './Customers.module.css';
import { CustomerState } from './CustomerState';
import { Timeline } from './Timeline';
import { customerName } from './words';

interface PeekProps {
  id: string;
  close: () => void;
}

/** Enough of a person to decide whether to open the page: beside the list, or over it where there is no room. */
export function CustomerPeek({ id, close }: PeekProps) {
  const t = useT();
  const { slug } = useOrganization();
  const { data } = useQuery(customerQuery(slug, id));
  const roomy = useMediaQuery('(min-width: 75em)', undefined, { getInitialValueInEffect: false });
  const title = data ? customerName(data) : t('customer.one');
  useAnnounceChange(data ? t('customer.preview', { name: title }) : '');
  if (!roomy) {
    return (
      <Drawer opened onClose={close} position="right" size={460} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
        <PeekBody id={id} />
      </Drawer>
    );
  }
  const onKeyDown = (event: KeyboardEvent) => event.key === 'Escape' && close();
  return (
    <aside className={classes.peek} aria-label={t('customer.preview', { name: title })} onKeyDown={onKeyDown}>
      <div className={classes.peekHead}>
        <Title order={2}>{title}</Title>
        <CloseButton onClick={close} aria-label={t('action.close')} />
      </div>
      <PeekBody id={id} />
    </aside>
  );
}

function PeekBody({ id }: { id: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(customerQuery(slug, id));
  return (
    <QueryState query={query} failed={t('customer.failed')} skeleton={<Skeleton h={220} style={{ flex: 'none' }} />}>
      {(customer) => (
        <div className={classes.peekBody}>
          <CustomerState customer={customer} />
          <CustomerFacts customer={customer} narrow />
          <Button variant="default" renderRoot={(props) => <Link to="/o/$slug/customers/$id" params={{ slug, id }} {...props} />}>
            {t('customer.open')}
          </Button>
          <Timeline key={id} id={id} limit={10} brief />
        </div>
      )}
    </QueryState>
  );
}
