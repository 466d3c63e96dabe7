import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useTitle } from './useTitle';

/** An organization that is not there and one the person is no member of look the same, on purpose. */
export function OrganizationMissing({ slug }: { slug: string }) {
  const t = useT();
  useTitle(t('shell.organizationMissing.title'));
  return (
    <main>
      <EmptyState
        alone
        icon="lock"
        title={t('shell.organizationMissing.title')}
        why={t('shell.organizationMissing.text', { slug })}
        action={
          <Button renderRoot={(props) => <Link to="/" {...props} />} variant="default">
            {t('state.notFound.action')}
          </Button>
        }
      />
    </main>
  );
}
