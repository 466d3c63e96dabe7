import type { ImportCheck, ImportField } from '../../api/imports.types';
import { Icon } from '../../components/Icon';
import { Nothing } from '../../components/Values';
import { PlainTable } from '../../components/table/PlainTable';
import { orderKinds } from '../../customers/words';
import { useFormat, useT, useWordFor } from '../../i18n/I18n';
import { usePlainT } from '../../i18n/usePlainT';
import { importKinds } from '../kinds';
import classes from './Mapping.module.css';
import { useFieldWords } from './useFieldWords';

type Row = ImportCheck['rows'][number];

export function CheckedRows({ kind, rows, fields }: { kind: string; rows: Row[]; fields: ImportField[] }) {
  const t = useT();
  const format = useFormat();
  const plain = usePlainT();
  const orderKind = useWordFor(orderKinds);
  const { label } = useFieldWords(kind);
  const becomes = importKinds[kind]?.becomes;
  const whatOf = (row: Row) => (row.values.kind ? orderKind(String(row.values.kind)) : becomes ? plain(becomes) : kind);
  // Only the fields that are there: twelve columns of dashes would hide them.
  // A whole message says what the others say, at length: it comes last.
  const shown = fields
    .filter((field) => rows.some((row) => row.values[field.name] != null))
    .sort((a, b) => Number(a.name === 'message') - Number(b.name === 'message'));

  const show = (row: Row, field: ImportField) => {
    const value = row.values[field.name];
    if (value === null || value === undefined || value === '') return <Nothing />;
    // A day alone is no moment: in another zone it would be another day.
    const isMoment = field.kind === 'time' && typeof value === 'string' && value.length > 10 && !Number.isNaN(Date.parse(value));
    if (isMoment) return <span className="figure">{format.dateTime(value)}</span>;
    if (typeof value === 'number') return format.number(value, 4);
    return <span className={classes.cell}>{String(value)}</span>;
  };

  return (
    <PlainTable
      label={t('mapping.asRead')}
      maxHeight={580}
      columns={[
        { label: t('mapping.line'), align: 'right' },
        { label: t('mapping.verdict') },
        ...shown.map((field) => ({
          label: label(field),
          align: field.kind === 'number' || field.kind === 'money' ? ('right' as const) : undefined,
        })),
      ]}
      rows={rows.map((row) => [
        format.number(row.line),
        <span className={classes.verdictCell} data-bad={!row.ok || undefined}>
          <Icon name={row.ok ? 'check' : 'alert'} size={14} />
          {row.ok ? whatOf(row) : (row.problem ?? t('mapping.rejected'))}
        </span>,
        ...shown.map((field) => show(row, field)),
      ])}
    />
  );
}
