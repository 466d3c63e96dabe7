import { List, Text, Title } from '@mantine/core';
import { useId } from 'react';
import type { CustomerDetail } from '../../api/types';
import { useFormat, useT } from '../../i18n/I18n';
import { outcomeOf, singular } from './outcome';
import { namesOfTwo } from './words';

/** What the merge does, in sentences. */
export function MergeOutcome({ survivor, merged }: { survivor: CustomerDetail; merged: CustomerDetail }) {
  const t = useT();
  const format = useFormat();
  const id = useId();
  const names = namesOfTwo(survivor, merged);
  const name = names.survivor;
  const { takes, differs, tags, attributes, earlier } = outcomeOf(survivor, merged);
  const sentences = [
    ...takes.map((field) => t('merge.takes.field', { field: t(singular[field]), value: merged[field] ?? '' })),
    tags.length > 0 && t('merge.takes.tags', { tags: format.list(tags) }),
    attributes.length > 0 && t('merge.takes.attributes', { names: format.list(attributes) }),
    earlier && t('merge.takes.earlier', { date: format.date(merged.firstSeenAt) }),
    t('merge.takes.orders', { count: merged.orders }),
    t('merge.takes.rest'),
  ].filter((text): text is string => Boolean(text));
  return (
    <div>
      <Title order={3} id={id}>
        {t('merge.takes', { name })}
      </Title>
      <List size="sm" mt={6} spacing={2} aria-labelledby={id}>
        {sentences.map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
      {differs.length > 0 && (
        <Text size="sm" mt="xs">
          {t('merge.differs', { name, fields: format.list(differs.map((field) => t(singular[field]).toLocaleLowerCase())) })}
        </Text>
      )}
      <Text size="sm" mt="xs">
        {t('merge.afterwards', names)}
      </Text>
    </div>
  );
}
