import { NumberInput, Select, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import type { ImportField, ImportFormat } from '../../api/imports.types';
import { useI18n, useT } from '../../i18n/I18n';
import { currencies, currencyName, timeZones } from '../../settings/choices';
import { problemsFor } from './mapping';
import classes from './Mapping.module.css';
import type { MappingPart } from './part';

interface FormatFieldsProps extends MappingPart {
  fields: ImportField[];
}

export function FormatFields({ mapping, change, problems, fields }: FormatFieldsProps) {
  const t = useT();
  const { locale } = useI18n();
  const { format } = mapping;
  const set = (part: Partial<ImportFormat>) => change({ ...mapping, format: { ...format, ...part } });
  const field = (name: keyof ImportFormat, wrong?: string) => {
    const problem = problemsFor(problems, 'format', name);
    return { size: 'xs', error: problem && (wrong ?? problem) };
  };
  const pick = (name: 'delimiter' | 'encoding' | 'decimal' | 'timeZone' | 'currency') => ({
    ...field(name),
    value: format[name],
    allowDeselect: false,
    onChange: (value: string | null) => value !== null && set({ [name]: value }),
  });
  const zones = useMemo(() => timeZones(format.timeZone), [format.timeZone]);
  const money = useMemo(
    () => currencies(format.currency ?? 'EUR').map((code) => ({ value: code, label: currencyName(code, locale) })),
    [format.currency, locale],
  );
  const delimiters = [
    { value: ',', label: t('mapping.delimiter.comma') },
    { value: ';', label: t('mapping.delimiter.semicolon') },
    { value: '\t', label: t('mapping.delimiter.tab') },
    { value: '|', label: t('mapping.delimiter.pipe') },
    { value: 'json', label: t('mapping.delimiter.json') },
  ];
  const decimals = [
    { value: '.', label: t('mapping.decimal.point') },
    { value: ',', label: t('mapping.decimal.comma') },
  ];
  // A kind without numbers or amounts has nothing to say of how they are written.
  const hasMoney = fields.some((known) => known.kind === 'money');
  const hasNumbers = hasMoney || fields.some((known) => known.kind === 'number');
  const encodings = [...new Set(['utf-8', 'windows-1252', 'iso-8859-1', format.encoding])];
  return (
    <div className={classes.grid}>
      <Select {...pick('delimiter')} label={t('mapping.delimiter')} data={delimiters} />
      <Select {...pick('encoding')} label={t('mapping.encoding')} data={encodings} />
      {hasNumbers && <Select {...pick('decimal')} label={t('mapping.decimal')} data={decimals} />}
      <TextInput
        {...field('date', t('mapping.date.wrong'))}
        label={t('mapping.date')}
        value={format.date}
        onChange={(event) => set({ date: event.currentTarget.value })}
        spellCheck={false}
        classNames={{ input: classes.mono }}
      />
      <Select {...pick('timeZone')} label={t('mapping.timeZone')} data={zones} searchable limit={60} />
      {hasMoney && <Select {...pick('currency')} label={t('mapping.currency')} data={money} searchable limit={60} />}
      {hasMoney && (
        <NumberInput
          {...field('exchangeRate', t('mapping.exchangeRate.wrong', { most: 1_000_000 }))}
          label={t('mapping.exchangeRate')}
          description={t('mapping.exchangeRate.hint')}
          value={format.exchangeRate}
          min={0}
          decimalScale={6}
          hideControls
          onChange={(value) => typeof value === 'number' && set({ exchangeRate: value })}
        />
      )}
    </div>
  );
}
