import { VisuallyHidden } from '@mantine/core';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Steps.module.css';

export function Steps({ current }: { current: number }) {
  const t = useT();
  const steps = [t('imports.step.file'), t('imports.step.columns'), t('imports.step.run')];
  return (
    <ol className={classes.steps} aria-label={t('imports.steps')}>
      {steps.map((step, i) => (
        <li key={step} className={classes.step} aria-current={i === current ? 'step' : undefined} data-done={i < current || undefined}>
          <span className={classes.mark} aria-hidden="true">
            {i < current ? <Icon name="check" size={12} /> : i + 1}
          </span>
          {step}
          {i < current && <VisuallyHidden>{t('imports.step.done')}</VisuallyHidden>}
        </li>
      ))}
    </ol>
  );
}
