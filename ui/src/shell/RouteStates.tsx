import { Button } from '@mantine/core';
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { EmptyState, ErrorState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useTitle } from './useTitle';

/** An address inside an organization that leads nowhere: the navigation stays. */
export function NotFound() {
  const t = useT();
  useTitle(t('state.notFound.title'));
  return (
    <EmptyState
      alone
      icon="search"
      title={t('state.notFound.title')}
      why={t('state.notFound.text')}
      action={
        <Button renderRoot={(props) => <Link to="/" {...props} />} variant="default">
          {t('state.notFound.action')}
        </Button>
      }
    />
  );
}

export function NotFoundPage() {
  return (
    <main>
      <NotFound />
    </main>
  );
}

/** A page that could not even start: its code or its session did not arrive. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return <ErrorState alone what={t('state.error.page')} error={error} retry={retry} />;
}
