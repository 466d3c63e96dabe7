import type { Figures } from '../api/types';
import { Delta } from '../components/Delta';
import { Money } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from './Overview.module.css';

interface CorrectionsProps {
  current: Figures;
  previous: Figures;
  compare: boolean;
  currency: string;
}

/** What was given back or written off in the same period. */
export function Corrections({ current, previous, compare, currency }: CorrectionsProps) {
  const t = useT();
  return (
    <dl className={classes.corrections}>
      <div>
        <dt>{t('overview.refunds')}</dt>
        <dd>
          <Money value={current.refunds} currency={currency} />
          <span>{t('overview.refundCount', { count: current.refundCount })}</span>
          {/* Refunds may be stated as negative amounts; what matters is how large they are. */}
          {compare && <Delta current={Math.abs(current.refunds)} previous={Math.abs(previous.refunds)} moreIs="bad" />}
        </dd>
      </div>
      <div>
        <dt>{t('overview.adjustments')}</dt>
        <dd>
          <Money value={current.adjustments} currency={currency} />
          <span>{t('overview.adjustmentCount', { count: current.adjustmentCount })}</span>
          {compare && <Delta current={Math.abs(current.adjustments)} previous={Math.abs(previous.adjustments)} moreIs="neutral" />}
        </dd>
      </div>
    </dl>
  );
}
