import { Button, Select, Skeleton, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { resetSetting, settingsQuery } from '../api/operate';
import type { Setting } from '../api/operate.types';
import { Card } from '../components/Card';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';
import { SettingField } from './SettingField';
import { SettingHistory } from './SettingHistory';
import { shownValue } from './values';

/** Everything an organization may decide for itself, with what it is for, its default and its history. */
export function SettingsPage() {
  const t = useT();
  const { slug } = useOrganization();
  const search = useSearch({ from: '/o/$slug/settings/all' });
  const navigate = useNavigate({ from: '/o/$slug/settings/all' });
  const set = (changed: typeof search) => void navigate({ search: (old) => ({ ...old, ...changed }), replace: true });
  const query = useQuery(settingsQuery(slug, search.environment));
  const open = query.data?.items.find(({ key }) => key === search.setting);
  return (
    <>
      <PageHeader title={t('nav.allSettings')} crumbs={[t('nav.settings')]} />
      <div className={classes.body}>
        <div className={classes.filters} role="search">
          <TextInput
            type="search"
            label={t('setting.find')}
            value={search.find ?? ''}
            onChange={(event) => set({ find: event.currentTarget.value || undefined })}
          />
          <Select
            label={t('setting.environment')}
            data={[...new Set([...(query.data?.environments ?? ['production']), 'staging', search.environment ?? 'production'])]}
            allowDeselect={false}
            value={search.environment ?? 'production'}
            onChange={(value) => set({ environment: value === 'production' ? undefined : (value ?? undefined), setting: undefined })}
          />
        </div>
        <QueryState query={query} failed={t('setting.failed')} skeleton={<Skeleton h={480} radius="md" aria-hidden="true" />}>
          {({ items }) => (
            <Groups items={items.filter((setting) => matches(setting, search.find))} openHistory={(setting) => set({ setting })} />
          )}
        </QueryState>
        {open && <SettingHistory setting={open} close={() => set({ setting: undefined })} />}
      </div>
    </>
  );
}

const matches = ({ key, description, category }: Setting, find = '') =>
  `${key} ${description ?? ''} ${category}`.toLowerCase().includes(find.trim().toLowerCase());

function Groups({ items, openHistory }: { items: Setting[]; openHistory: (key: string) => void }) {
  const t = useT();
  if (items.length === 0) return <EmptyState icon="search" title={t('setting.none')} why={t('setting.none.text')} />;
  return [...new Set(items.map(({ category }) => category))].map((category) => (
    <Card key={category} title={category.replaceAll('_', ' ')}>
      {items
        .filter((setting) => setting.category === category)
        .map((setting) => (
          <Row key={`${setting.environment}/${setting.key}`} setting={setting} openHistory={openHistory} />
        ))}
    </Card>
  ));
}

function Row({ setting, openHistory }: { setting: Setting; openHistory: (key: string) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const reset = useMutation({
    mutationFn: () => resetSetting(slug, setting.key, setting.environment, ''),
    onSuccess: () => client.invalidateQueries({ queryKey: ['o', slug, 'settings'] }),
  });
  const notes = [
    setting.isCatalogued &&
      !setting.isSensitive &&
      !setting.isDefault &&
      t('setting.default', { value: shownValue(t, setting.defaultValue) }),
    setting.changedBy && !setting.isDefault && t('setting.own', { name: setting.changedBy }),
    setting.pendingRestart ? t('setting.pendingRestart') : setting.requiresRestart && t('setting.restart'),
  ].filter(Boolean);
  return (
    <div className={classes.setting} data-setting={setting.key}>
      <div className={classes.cell}>
        <Text fw={500}>{setting.key}</Text>
        <Text size="sm" c="dimmed">
          {setting.description}
        </Text>
        {notes.length > 0 && (
          <Text size="xs" c="dimmed">
            {notes.join(' · ')}
          </Text>
        )}
      </div>
      <SettingField key={JSON.stringify(setting.value)} setting={setting} />
      <div className={classes.settingActs}>
        <Button
          size="xs"
          variant="default"
          aria-label={t('setting.historyOf', { key: setting.key })}
          onClick={() => openHistory(setting.key)}
        >
          {t('setting.history')}
        </Button>
        {!setting.isDefault && setting.isCatalogued && (
          <Button
            size="xs"
            variant="default"
            loading={reset.isPending}
            aria-label={t('setting.resetOf', { key: setting.key })}
            onClick={() => reset.mutate()}
          >
            {t('setting.reset')}
          </Button>
        )}
        <ProblemAlert error={reset.error} />
      </div>
    </div>
  );
}
