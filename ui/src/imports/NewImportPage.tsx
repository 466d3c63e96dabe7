import { Link, useSearch } from '@tanstack/react-router';
import { PageHeader, crumbClass } from '../components/PageHeader';
import { NoPermission } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { ChooseFile } from './ChooseFile';
import classes from './Imports.module.css';
import { MapColumns } from './mapping/MapColumns';
import { Steps } from './Steps';

/** Choose a file, say what its columns mean, start. The address holds the step, so it can be left and taken up again. */
export function NewImportPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  const { import: uploaded } = useSearch({ from: '/o/$slug/imports/new' });
  const list = (
    <Link to="/o/$slug/imports" params={{ slug }} className={crumbClass}>
      {t('nav.imports')}
    </Link>
  );
  return (
    <>
      <PageHeader title={t('imports.new.title')} crumbs={[t('nav.collect'), list]} />
      <div className={classes.body}>
        {!mayImport ? (
          <NoPermission />
        ) : (
          <>
            <Steps current={uploaded ? 1 : 0} />
            {uploaded ? <MapColumns key={uploaded} id={uploaded} /> : <ChooseFile />}
          </>
        )}
      </div>
    </>
  );
}
