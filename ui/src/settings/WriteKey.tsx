import { Code, Text } from '@mantine/core';
import { Card } from '../components/Card';
import { CopyButton } from '../components/CopyButton';
import { useT } from '../i18n/I18n';
import classes from './Settings.module.css';

export function WriteKey({ value }: { value: string | null }) {
  const t = useT();
  return (
    <Card title={t('settings.writeKey')}>
      <Text c="dimmed">{t('settings.writeKey.text')}</Text>
      {value ? (
        <div className={classes.key}>
          <Code>{value}</Code>
          <CopyButton value={value} label={t('settings.writeKey.copy')} />
        </div>
      ) : (
        <Text mt="sm">{t('settings.writeKey.hidden')}</Text>
      )}
    </Card>
  );
}
