import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { customerQuery } from '../../api/queries';
import type { CustomerDetail } from '../../api/types';

/** A merged profile is answered with the person it is now: the page goes to that person's own address. */
export function useOwnAddress({ data, isFetching }: UseQueryResult<CustomerDetail>) {
  const { slug, id } = useParams({ from: '/o/$slug/customers/$id' });
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    // What is still being asked for may have been taken apart again.
    if (!data || data.id === id || isFetching) return;
    client.setQueryData(customerQuery(slug, data.id).queryKey, data);
    void navigate({ to: '/o/$slug/customers/$id', params: { slug, id: data.id }, search: (now) => now, replace: true, resetScroll: false });
  }, [data, isFetching, id, slug, client, navigate]);
}
