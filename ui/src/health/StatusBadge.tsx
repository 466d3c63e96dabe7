import { Badge } from '@mantine/core';
import type { CheckStatus } from '../api/health.types';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import classes from './Health.module.css';
import { statusWords } from './words';

const tones: Record<CheckStatus, string | undefined> = {
  healthy: operate.good,
  degraded: classes.warn,
  unhealthy: operate.bad,
  silent: undefined,
};

export function StatusBadge({ status }: { status: CheckStatus }) {
  const plain = usePlainT();
  return (
    <Badge variant="default" size="sm" tt="none" className={tones[status]}>
      {plain(statusWords[status])}
    </Badge>
  );
}
