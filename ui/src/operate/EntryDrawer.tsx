import { Drawer, Stack, Text, Title } from '@mantine/core';
import type { AuditEntry } from '../api/operate.types';
import { FactList } from '../components/FactList';
import { PlainTable } from '../components/table/PlainTable';
import { Nothing } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { SeverityBadge } from './ActivityPage';
import classes from './Operate.module.css';
import { actorOf, changesOf } from './words';

/** All that is known of one entry of the trail. */
export function EntryDrawer({ entry, close }: { entry: AuditEntry; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const changes = changesOf(entry);
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={`${entry.action} ${entry.object}`.replaceAll('_', ' ')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        {entry.description && <Text className={classes.cell}>{entry.description}</Text>}
        <FactList
          facts={[
            [t('audit.when'), format.exact(entry.at)],
            [t('audit.actor'), [actorOf(t, entry), entry.actorEmail, entry.actorRole].filter(Boolean).join(' · ')],
            [t('audit.object'), [entry.objectName, entry.objectId].filter(Boolean).join(' · ') || <Nothing key="o" />],
            [t('audit.severity'), <SeverityBadge key="s" severity={entry.severity} />],
            [t('audit.reason'), entry.reason ?? <Nothing key="r" />],
            [
              t('audit.request'),
              entry.requestId ? [entry.method, entry.endpoint, entry.requestId].filter(Boolean).join(' · ') : <Nothing key="q" />,
            ],
            [t('audit.from.address'), entry.ipAddress ?? <Nothing key="i" />],
            [t('audit.browser'), entry.userAgent ?? <Nothing key="b" />],
            [t('audit.sealed'), entry.isSealed ? t('audit.sealed') : t('audit.unsealed')],
          ]}
        />
        {entry.isEmptied && <Text>{t('audit.emptied')}</Text>}
        {changes.length > 0 && (
          <div>
            <Title order={3} size="h5" mb={4}>
              {t('audit.changes')}
            </Title>
            <PlainTable
              label={t('audit.changes')}
              columns={[{ label: t('audit.field') }, { label: t('audit.before') }, { label: t('audit.after') }]}
              rows={changes.map(({ field, before, after }) => [
                field,
                <span key="b" className={classes.cell}>
                  {before}
                </span>,
                <span key="a" className={classes.cell}>
                  {after}
                </span>,
              ])}
            />
          </div>
        )}
      </Stack>
    </Drawer>
  );
}
