import { Button, Group, PasswordInput, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { changeSetting } from '../api/operate';
import type { Json, Setting } from '../api/operate.types';
import { asProblem } from '../api/problem';
import { useNotify } from '../components/Notices';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { asTyped, fromTyped, rulesOf } from './values';

/** The field of a setting by its type. A change asks why, and is saved with it. */
export function SettingField({ setting }: { setting: Setting }) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  const [typed, setTyped] = useState(() => (setting.isSensitive ? '' : asTyped(setting)));
  const [reason, setReason] = useState('');
  const changed = setting.isSensitive ? typed !== '' : typed !== asTyped(setting);
  const value = fromTyped(typed, setting.dataType);
  const save = useMutation({
    mutationFn: (wanted: Json) =>
      changeSetting(slug, setting.key, { environment: setting.environment, value: wanted, reason: reason.trim() || undefined }),
    onSuccess: async () => {
      notify({ text: t('setting.saved', { key: setting.key }) });
      setReason('');
      if (setting.isSensitive) setTyped('');
      await client.invalidateQueries({ queryKey: ['o', slug, 'settings'] });
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const error = changed && value === undefined ? t('setting.json') : problem?.fields.value?.join(' ');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed && value !== undefined) save.mutate(value);
  };
  const change = (text: string) => {
    save.reset();
    setTyped(text);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={6}>
        <Field setting={setting} typed={typed} change={change} error={error} />
        {changed && (
          <>
            <TextInput
              size="xs"
              label={t('setting.reason')}
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.currentTarget.value)}
              error={problem?.fields.reason?.join(' ')}
            />
            <Group gap="xs">
              <Button type="submit" size="xs" loading={save.isPending} disabled={value === undefined}>
                {t('action.save')}
              </Button>
              <Button size="xs" variant="default" onClick={() => change(setting.isSensitive ? '' : asTyped(setting))}>
                {t('action.keep')}
              </Button>
            </Group>
          </>
        )}
        {problem && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
      </Stack>
    </form>
  );
}

interface FieldProps {
  setting: Setting;
  typed: string;
  change: (text: string) => void;
  error: string | undefined;
}

function Field({ setting, typed, change, error }: FieldProps) {
  const t = useT();
  const label = t('setting.value', { key: setting.key });
  const common = { 'aria-label': label, error, autoComplete: 'off' };
  if (setting.isSensitive)
    return (
      <PasswordInput
        {...common}
        autoComplete="new-password"
        placeholder={setting.hasSecret ? t('setting.secret') : t('setting.noSecret')}
        value={typed}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  if (setting.dataType === 'boolean')
    return (
      <Switch
        aria-label={label}
        label={typed === 'true' ? t('setting.on') : t('setting.off')}
        checked={typed === 'true'}
        onChange={(event) => change(String(event.currentTarget.checked))}
        error={error}
      />
    );
  const allowed = setting.rules.allowed_values;
  if (allowed && setting.dataType === 'string')
    return <Select {...common} data={allowed.map(String)} allowDeselect={false} value={typed} onChange={(value) => change(value ?? '')} />;
  if (setting.dataType === 'string' || setting.dataType === 'number')
    return (
      <TextInput
        {...common}
        inputMode={setting.dataType === 'number' ? 'decimal' : undefined}
        description={rulesOf(t, setting.rules)}
        value={typed}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  return <Textarea {...common} rows={4} value={typed} onChange={(event) => change(event.currentTarget.value)} />;
}
