import type { QueryClient } from '@tanstack/react-query';
import { redirect } from '@tanstack/react-router';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';

/** Only addresses of our own may follow a sign-in. */
export const safeNext = (next: string | undefined): string => (next && next.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/');

export async function requireSession(queryClient: QueryClient, here: string, { passwordMayBeOld = false } = {}): Promise<Session> {
  let session: Session;
  try {
    session = await queryClient.ensureQueryData(sessionQuery);
  } catch (error) {
    if (asProblem(error).status === 401) throw redirect({ to: '/sign-in', search: { next: here }, replace: true });
    throw error;
  }
  if (session.user.mustChangePassword && !passwordMayBeOld) {
    throw redirect({ to: '/choose-password', search: { next: here }, replace: true });
  }
  return session;
}
