import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';

/** Nobody found and nobody there are two different things. */
export function NoCustomers({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  if (filtered) {
    return (
      <EmptyState
        icon="search"
        title={t('customers.noMatch.title')}
        why={t('customers.noMatch.text')}
        action={
          <Button variant="default" onClick={clear}>
            {t('customers.noMatch.action')}
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState
      icon="people"
      title={t('customers.empty.title')}
      why={mayImport ? t('customers.empty.text') : t('customers.empty.ask')}
      action={
        mayImport && (
          <Button renderRoot={(props) => <Link to="/o/$slug/imports/new" params={{ slug }} {...props} />}>{t('imports.new.action')}</Button>
        )
      }
    />
  );
}
