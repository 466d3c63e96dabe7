import { Drawer, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { orderQuery } from '../api/queries';
import { QueryState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { OrderView } from './OrderView';

/** Lies over whatever page asked for the order; closing it leads back there. */
export default function OrderDrawer({ id }: { id: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const navigate = useNavigate();
  const query = useQuery(orderQuery(slug, id));
  const close = () => void navigate({ to: '.', search: (now) => ({ ...now, order: undefined }), resetScroll: false });
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={640}
      title={query.data ? t('palette.order', { number: query.data.number }) : t('order.one')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <QueryState query={query} failed={t('order.failed')} skeleton={<Skeleton h={320} />}>
        {(order) => <OrderView order={order} />}
      </QueryState>
    </Drawer>
  );
}
