import { Modal, Skeleton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { customerQuery } from '../../api/queries';
import type { CustomerDetail } from '../../api/types';
import { QueryState } from '../../components/PageState';
import { useT } from '../../i18n/I18n';
import { useOrganization } from '../../shell/organization';
import { customerName } from '../words';
import { CompareTwo } from './CompareTwo';
import { FindOther } from './FindOther';

/** First the other profile is found, then both are looked at beside each other. */
export default function MergeDialog({ customer, close }: { customer: CustomerDetail; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const phone = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
  const [other, setOther] = useState<string | null>(null);
  const query = useQuery({ ...customerQuery(slug, other ?? ''), enabled: other !== null });
  return (
    <Modal
      opened
      onClose={close}
      title={t('merge.title', { name: customerName(customer) })}
      size={720}
      fullScreen={phone}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {other === null ? (
        <FindOther customer={customer} choose={setOther} />
      ) : (
        <QueryState query={query} failed={t('customer.failed')} skeleton={<Skeleton h={360} />}>
          {(found) => <CompareTwo page={customer} other={found} back={() => setOther(null)} close={close} />}
        </QueryState>
      )}
    </Modal>
  );
}
