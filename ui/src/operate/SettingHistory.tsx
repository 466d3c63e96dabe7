import { Button, Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { changeSetting, resetSetting, settingHistoryQuery } from '../api/operate';
import type { Setting, SettingChange } from '../api/operate.types';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';
import { shownValue } from './values';

/** Every change with who and why; an earlier value comes back with one click, as a change of its own. */
export function SettingHistory({ setting, close }: { setting: Setting; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const query = useQuery(settingHistoryQuery(slug, setting.key, setting.environment));
  const restore = useMutation({
    mutationFn: async ({ at, newValue }: SettingChange) => {
      const reason = t('setting.restored', { when: format.dateTime(at) });
      if (newValue === null) await resetSetting(slug, setting.key, setting.environment, reason);
      else await changeSetting(slug, setting.key, { environment: setting.environment, value: newValue, reason });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['o', slug, 'settings'] }),
  });
  const isNow = ({ newValue }: SettingChange) =>
    newValue === null ? setting.isDefault : !setting.isDefault && JSON.stringify(newValue) === JSON.stringify(setting.value);
  return (
    <Drawer opened onClose={close} position="right" size="md" title={setting.key} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <QueryState query={query} failed={t('setting.history.failed')} skeleton={<Skeleton h={240} aria-hidden="true" />}>
        {({ items }) => (
          <Stack gap="md">
            <ProblemAlert error={restore.error} />
            {items.length === 0 && <Text c="dimmed">{t('setting.history.empty')}</Text>}
            {items.map((change) => (
              <div key={change.id} className={classes.cell}>
                <Text size="sm" c="dimmed">
                  <When at={change.at} /> · {change.by ?? t('setting.somebody')}
                </Text>
                <Text>
                  {t('setting.became')}{' '}
                  <b>
                    {change.isSensitive
                      ? t('setting.hidden')
                      : change.newValue === null
                        ? t('setting.becameDefault')
                        : shownValue(t, change.newValue)}
                  </b>
                </Text>
                {change.reason && <Text size="sm">{change.reason}</Text>}
                {!change.isSensitive && !isNow(change) && (change.newValue !== null || setting.isCatalogued) && (
                  <Button
                    mt={4}
                    size="xs"
                    variant="default"
                    loading={restore.isPending}
                    aria-label={t('setting.restoreOf', { when: format.exact(change.at) })}
                    onClick={() => restore.mutate(change)}
                  >
                    {t('setting.restore')}
                  </Button>
                )}
              </div>
            ))}
          </Stack>
        )}
      </QueryState>
    </Drawer>
  );
}
