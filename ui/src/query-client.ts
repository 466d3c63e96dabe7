import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem, asProblem } from './api/problem';

type GateAddress = '/sign-in' | '/choose-password';

/** A session may end, or a password be reset, while a page is open: any request can find out. */
export function makeQueryClient(goTo: (address: GateAddress) => void): QueryClient {
  const onError = (error: unknown) => {
    const problem = asProblem(error);
    if (problem.code === 'not_signed_in') {
      client.removeQueries({ queryKey: ['session'] });
      goTo('/sign-in');
    } else if (problem.code === 'password_change_required') {
      void client.invalidateQueries({ queryKey: ['session'] });
      goTo('/choose-password');
    }
  };

  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // Nobody is sent away while finding out whether anybody is signed in: the gate does that itself.
      onError: (error, query) => query.queryKey[0] !== 'session' && onError(error),
    }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        networkMode: 'always',
        retry: (count, error) => error instanceof ApiProblem && error.temporary && error.status !== 429 && count < 1,
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}
