import { Select, TextInput } from '@mantine/core';
import { orderStatuses } from '../../customers/words';
import { useT } from '../../i18n/I18n';
import { usePlainT } from '../../i18n/usePlainT';
import type { Key } from '../../i18n/catalogue';
import { kindNames, problemsFor, withKind, type KindName } from './mapping';
import classes from './Mapping.module.css';
import type { MappingPart } from './part';

const kindWords: Record<KindName, Key> = {
  order: 'mapping.kind.order',
  refund: 'mapping.kind.refund',
  adjustment: 'mapping.kind.adjustment',
};

export function KindFields({ mapping, change, problems }: MappingPart) {
  const t = useT();
  const plain = usePlainT();
  const statuses = Object.entries(orderStatuses).map(([value, key]) => ({ value, label: plain(key) }));
  return (
    <>
      <p className={classes.hint}>{t('mapping.kinds.text')}</p>
      <div className={classes.grid}>
        {kindNames.map((kind) => (
          <TextInput
            key={kind}
            size="xs"
            label={plain(kindWords[kind])}
            value={mapping.kinds?.[kind] ?? ''}
            onChange={(event) => change(withKind(mapping, kind, event.currentTarget.value))}
            placeholder={t('mapping.pattern')}
            error={problemsFor(problems, 'kinds', kind)}
            spellCheck={false}
            classNames={{ input: classes.mono }}
          />
        ))}
        <Select
          size="xs"
          label={t('mapping.status')}
          data={statuses}
          value={mapping.status ?? 'delivered'}
          allowDeselect={false}
          onChange={(status) => status && change({ ...mapping, status })}
          error={problems.status?.join(' ')}
        />
      </div>
    </>
  );
}
