import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState, type FormEvent } from 'react';
import { saveOrganization } from '../api/actions';
import { asProblem } from '../api/problem';
import { organizationQuery, sessionQuery } from '../api/queries';
import type { Organization } from '../api/types';
import { useAnnounce } from '../components/Announcer';
import { Card } from '../components/Card';
import { ProblemAlert } from '../components/ProblemAlert';
import { useI18n, useT } from '../i18n/I18n';
import { usePermissions } from '../shell/organization';
import { currencies, currencyName, timeZones } from './choices';

export function OrganizationForm({ organization }: { organization: Organization }) {
  const t = useT();
  const { locale } = useI18n();
  const client = useQueryClient();
  const announce = useAnnounce();
  const { administer } = usePermissions();
  const [name, setName] = useState(organization.name);
  const [timeZone, setTimeZone] = useState(organization.timeZone);
  const [currency, setCurrency] = useState(organization.currency);
  const zones = useMemo(() => timeZones(organization.timeZone), [organization.timeZone]);
  const options = useMemo(
    () => currencies(organization.currency).map((code) => ({ value: code, label: currencyName(code, locale) })),
    [organization.currency, locale],
  );

  // Only what was changed is sent: an untouched currency cannot be refused.
  const changes = {
    ...(name.trim() !== organization.name && { name: name.trim() }),
    ...(timeZone !== organization.timeZone && { timeZone }),
    ...(currency !== organization.currency && { currency }),
  };
  const changed = Object.keys(changes).length > 0;
  const save = useMutation({
    mutationFn: () => saveOrganization(organization.slug, changes),
    onSuccess: async (saved) => {
      client.setQueryData(organizationQuery(organization.slug).queryKey, saved);
      announce(t('settings.saved'));
      // Names, zone and currency are everywhere, so everything is asked for again.
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      await client.invalidateQueries({ queryKey: ['o', organization.slug] });
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const inUse = problem?.code === 'currency_in_use' ? (problem.detail ?? t('settings.currencyInUse')) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed) save.mutate();
  };
  return (
    <Card title={t('settings.general')}>
      <form onSubmit={submit}>
        <Stack gap="md" maw={480}>
          {!administer && <Text c="dimmed">{t('settings.readOnly')}</Text>}
          <TextInput
            label={t('settings.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            readOnly={!administer}
            required
            withAsterisk={false}
            error={problem?.fields.name?.join(' ')}
          />
          <Select
            label={t('settings.timeZone')}
            description={t('settings.timeZone.text')}
            data={zones}
            limit={60}
            searchable
            allowDeselect={false}
            value={timeZone}
            onChange={(value) => value && setTimeZone(value)}
            readOnly={!administer}
            error={problem?.fields.timeZone?.join(' ')}
          />
          <Select
            label={t('settings.currency')}
            description={t('settings.currency.text')}
            data={options}
            limit={60}
            searchable
            allowDeselect={false}
            value={currency}
            onChange={(value) => value && setCurrency(value)}
            readOnly={!administer}
            error={inUse ?? problem?.fields.currency?.join(' ')}
          />
          {problem && !inUse && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
          {administer && (
            <Group gap="sm">
              <Button type="submit" disabled={!changed} loading={save.isPending}>
                {t('action.save')}
              </Button>
              {save.isSuccess && !changed && <Text c="var(--c-good)">{t('settings.saved')}</Text>}
            </Group>
          )}
        </Stack>
      </form>
    </Card>
  );
}
