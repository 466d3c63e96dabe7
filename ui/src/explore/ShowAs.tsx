import { Modal, SegmentedControl, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sqlQuery } from '../api/analytics';
import type { Question } from '../api/analytics.types';
import { CopyButton } from '../components/CopyButton';
import { ErrorState } from '../components/PageState';
import { useOrganization } from '../shell/organization';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';

const forms = ['sql', 'json', 'curl'] as const;
type Form = (typeof forms)[number];

const names: Record<Form, string> = { sql: 'SQL', json: 'JSON', curl: 'curl' };

/** The same question for a database, a program or a shell. */
export function ShowAs({ question, close }: { question: Question; close: () => void }) {
  const { words } = useExplore();
  const { t } = words;
  const { slug } = useOrganization();
  const [form, setForm] = useState<Form>('sql');
  const query = useQuery({ ...sqlQuery(slug, question), enabled: form === 'sql' });
  const json = JSON.stringify(question, null, 2);
  const curl = [
    `curl '${window.location.origin}/api/analytics/query' \\`,
    `  -H 'Clientele-Organization: ${slug}' -H 'X-Clientele: console' -H 'Content-Type: application/json' \\`,
    `  -b cookies.txt \\`,
    `  -d '${JSON.stringify(question).replaceAll("'", String.raw`'\''`)}'`,
  ].join('\n');
  const sql = query.data?.statements.join(';\n\n');
  const text = form === 'sql' ? sql : form === 'json' ? json : curl;
  const hint = form === 'sql' ? t('explore.as.sqlHint') : form === 'json' ? t('explore.as.jsonHint') : t('explore.as.curlHint');
  return (
    <Modal opened onClose={close} size={820} title={t('explore.as.title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <div className={classes.asHead}>
        <SegmentedControl
          size="xs"
          aria-label={t('explore.as.title')}
          data={forms.map((value) => ({ value, label: names[value] }))}
          value={form}
          onChange={(value) => setForm(value as Form)}
        />
        {text && <CopyButton value={text} label={t('explore.as.copy')} />}
      </div>
      <p className={classes.hint}>{hint}</p>
      {form === 'sql' && query.isError ? (
        <ErrorState what={t('explore.as.failed')} error={query.error} retry={() => void query.refetch()} />
      ) : text === undefined ? (
        <Skeleton height={240} />
      ) : (
        <pre className={classes.code} tabIndex={0}>
          {text}
        </pre>
      )}
    </Modal>
  );
}
