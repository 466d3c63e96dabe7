import { Button, Drawer, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { customerQuery } from '../api/queries';
import { QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { CustomerFacts } from './CustomerFacts';
import { CustomerState } from './CustomerState';
import { Timeline } from './Timeline';
import { customerName } from './words';

/** Enough of a person to decide whether to open the page. */
export function CustomerPeek({ id, close }: { id: string; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(customerQuery(slug, id));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={460}
      title={query.data ? customerName(query.data) : t('customer.one')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <QueryState query={query} failed={t('customer.failed')} skeleton={<Skeleton h={220} />}>
        {(customer) => (
          <Stack gap="md">
            <CustomerState customer={customer} />
            <CustomerFacts customer={customer} narrow />
            <Button
              variant="default"
              data-autofocus
              renderRoot={(props) => <Link to="/o/$slug/customers/$id" params={{ slug, id }} {...props} />}
            >
              {t('customer.open')}
            </Button>
            <Timeline id={id} limit={10} brief />
          </Stack>
        )}
      </QueryState>
    </Drawer>
  );
}
