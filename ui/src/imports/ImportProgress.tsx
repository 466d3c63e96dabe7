import { Progress } from '@mantine/core';
import type { Import } from '../api/imports.types';
import { Card } from '../components/Card';
import { useFormat, useT, useWordFor } from '../i18n/I18n';
import classes from './Imports.module.css';
import { importStates } from './states';

export function ImportProgress({ item }: { item: Import }) {
  const t = useT();
  const format = useFormat();
  const word = useWordFor(importStates);
  const percent = format.percent(item.progress, 0);
  return (
    <Card>
      <div className={classes.progress}>
        <div className={classes.progressText}>
          <strong>
            {word(item.state)} · {percent}
          </strong>
          <span>
            {item.secondsLeft === null ? t('import.noEstimate') : t('import.left', { duration: format.duration(item.secondsLeft) })}
          </span>
        </div>
        <Progress.Root size="md">
          <Progress.Section value={item.progress * 100} aria-label={item.fileName} aria-valuetext={percent} />
        </Progress.Root>
        <div className={classes.progressText} style={{ color: 'var(--mantine-color-dimmed)' }}>
          <span>{t('import.linesOf', { read: format.number(item.linesRead), all: format.number(item.lines) })}</span>
          <span>{t('import.leave')}</span>
        </div>
      </div>
    </Card>
  );
}
