import { Button, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { refuseTracking } from '../../api/actions';
import { customerQuery } from '../../api/queries';
import type { CustomerDetail } from '../../api/types';
import { Card } from '../../components/Card';
import { useNotify } from '../../components/Notices';
import { ProblemAlert } from '../../components/ProblemAlert';
import { useT } from '../../i18n/I18n';
import { useOrganization, usePermissions } from '../../shell/organization';
import { isErased } from '../words';
import classes from './Person.module.css';

/** Whether what the person does is collected, and the button that changes it. */
export function Tracking({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const { slug } = useOrganization();
  const { manageCustomers } = usePermissions();
  const client = useQueryClient();
  const notify = useNotify();
  const refused = customer.trackingRefused;
  const change = useMutation({
    mutationFn: () => refuseTracking(slug, customer.id, !refused),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: customerQuery(slug, customer.id).queryKey });
      notify({ text: refused ? t('tracking.done.allowed') : t('tracking.done.refused') });
    },
  });
  if (isErased(customer)) return null;
  return (
    <Card title={t('tracking.title')} className={classes.merges}>
      <Text fw={500}>{refused ? t('tracking.refused') : t('tracking.allowed')}</Text>
      <Text c="dimmed" size="sm" mt={4}>
        {refused ? t('tracking.refused.text') : t('tracking.allowed.text')}
      </Text>
      {manageCustomers && (
        <Button variant="default" mt="sm" loading={change.isPending} onClick={() => change.mutate()}>
          {refused ? t('tracking.allow') : t('tracking.refuse')}
        </Button>
      )}
      <ProblemAlert error={change.error} />
    </Card>
  );
}
