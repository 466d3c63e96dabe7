import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { PageHeader } from '../components/PageHeader';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import { usePermissions } from '../shell/organization';
import { ChecksTab } from './ChecksTab';
import { DatabaseTab } from './DatabaseTab';
import { ErrorsTab } from './ErrorsTab';
import { healthTabs, type HealthTab } from './search';
import { tabWords } from './words';

/** How the platform does: what it depends on, what went wrong, and its database. */
export function HealthPage() {
  const t = useT();
  const plain = usePlainT();
  const may = usePermissions();
  const { part = 'checks' } = useSearch({ from: '/o/$slug/settings/health' });
  const navigate = useNavigate({ from: '/o/$slug/settings/health' });
  const shown = healthTabs.filter((name) => (name === 'database' ? may.operate : name === 'errors' ? may.readErrors : true));
  return (
    <>
      <PageHeader title={t('nav.health')} crumbs={[t('nav.settings')]} />
      <div className={operate.body}>
        <Tabs
          value={part}
          onChange={(next) =>
            void navigate({ search: (old) => ({ hours: old.hours, part: next === 'checks' ? undefined : (next as HealthTab) }) })
          }
          keepMounted={false}
        >
          <Tabs.List aria-label={t('health.tabs')} mb="md">
            {shown.map((name) => (
              <Tabs.Tab key={name} value={name}>
                {plain(tabWords[name])}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="checks">
            <ChecksTab />
          </Tabs.Panel>
          <Tabs.Panel value="errors">
            <ErrorsTab />
          </Tabs.Panel>
          <Tabs.Panel value="database">
            <DatabaseTab />
          </Tabs.Panel>
        </Tabs>
      </div>
    </>
  );
}
