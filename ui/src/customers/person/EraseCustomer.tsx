import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { eraseCustomer } from '../../api/actions';
import type { CustomerDetail } from '../../api/types';
import { DangerousAct } from '../../components/DangerousAct';
import { useNotify } from '../../components/Notices';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { customerName } from '../words';
import { usePeopleChanged } from './usePeopleChanged';

export default function EraseCustomer({ customer, close }: { customer: CustomerDetail; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const navigate = useNavigate();
  const client = useQueryClient();
  const notify = useNotify();
  const peopleChanged = usePeopleChanged();
  const id = customer.externalId ?? customer.id;
  const erase = useMutation({
    mutationFn: () => eraseCustomer(slug, customer.id),
    onSuccess: async () => {
      await navigate({ to: '/o/$slug/customers', params: { slug } });
      // Nothing of the person is left here either: lists and pages are asked for anew.
      client.removeQueries({ queryKey: ['o', slug], type: 'inactive' });
      peopleChanged();
      notify({ text: t('erase.done') });
    },
  });
  return (
    <DangerousAct
      title={t('erase.title', { name: customerName(customer) })}
      consequences={[
        t('erase.goes.person', { id }),
        t('erase.goes.account'),
        t('erase.goes.documents'),
        t('erase.goes.events'),
        t('erase.goes.merged'),
      ]}
      stays={[
        customer.orders > 0 ? t('erase.stays.orders', { count: customer.orders }) : t('erase.stays.noOrders'),
        t('erase.stays.payments'),
        t('erase.stays.events'),
        t('erase.stays.fingerprint'),
      ]}
      remark={t('erase.remark')}
      name={id}
      action={t('erase.action')}
      onConfirm={() => erase.mutate()}
      onClose={close}
      pending={erase.isPending}
      error={erase.error}
    />
  );
}
