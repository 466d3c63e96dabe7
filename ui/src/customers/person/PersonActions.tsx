import { Button, Menu } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { CustomerDetail } from '../../api/types';
import { Icon } from '../../components/Icon';
import { useReturnFocus } from '../../components/useReturnFocus';
import { useT } from '../../i18n/I18n';
import { usePermissions } from '../../shell/organization';
import { isErased } from '../words';

const MergeDialog = lazy(() => import('./MergeDialog'));
const EraseCustomer = lazy(() => import('./EraseCustomer'));

export function PersonActions({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const { manageCustomers } = usePermissions();
  const [opened, setOpened] = useState<'merge' | 'erase' | null>(null);
  const close = () => setOpened(null);
  const button = useReturnFocus<HTMLButtonElement>(opened !== null);
  if (!manageCustomers || isErased(customer)) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button ref={button} variant="default" px="xs" aria-label={t('customer.more')}>
            <Icon name="more" />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Icon name="merge" />} onClick={() => setOpened('merge')}>
            {t('merge.open')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="var(--c-bad)" leftSection={<Icon name="trash" />} onClick={() => setOpened('erase')}>
            {t('erase.open')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {opened === 'merge' && <MergeDialog customer={customer} close={close} />}
        {opened === 'erase' && <EraseCustomer customer={customer} close={close} />}
      </Suspense>
    </>
  );
}
