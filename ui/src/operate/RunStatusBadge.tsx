import { Badge } from '@mantine/core';
import type { RunStatus } from '../api/operate.types';
import { usePlainT } from '../i18n/usePlainT';
import classes from './Operate.module.css';
import { statusWords } from './words';

export function RunStatusBadge({ status }: { status: RunStatus }) {
  const plain = usePlainT();
  const tone = status === 'success' ? classes.good : status === 'failed' || status === 'timeout' ? classes.bad : undefined;
  return (
    <Badge variant="default" size="sm" tt="none" className={tone}>
      {plain(statusWords[status])}
    </Badge>
  );
}
