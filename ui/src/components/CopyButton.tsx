import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useT } from '../i18n/I18n';
import { useAnnounce } from './Announcer';
import { Icon } from './Icon';

function useCopy(value: string) {
  const t = useT();
  const announce = useAnnounce();
  const clipboard = useClipboard({ timeout: 1500 });
  const copy = () => {
    clipboard.copy(value);
    announce(t('copy.done'));
  };
  return { copied: clipboard.copied, copy, done: t('copy.done') };
}

export function CopyIcon({ value, label }: { value: string; label: string }) {
  const { copied, copy, done } = useCopy(value);
  return (
    <Tooltip label={copied ? done : label}>
      <ActionIcon variant="subtle" color="gray" size={26} onClick={copy} aria-label={label}>
        <Icon name={copied ? 'check' : 'copy'} />
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const { copied, copy, done } = useCopy(value);
  return (
    <Button variant="default" onClick={copy} leftSection={<Icon name={copied ? 'check' : 'copy'} />}>
      {copied ? done : label}
    </Button>
  );
}
