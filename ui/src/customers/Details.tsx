import { Badge, Code, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CustomerDetail } from '../api/types';
import { Card } from '../components/Card';
import { FactList } from '../components/FactList';
import { Money, Nothing, When } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from './Customer.module.css';
import { MergedProfiles } from './person/MergedProfiles';
import { Tracking } from './person/Tracking';

export function Details({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const attributes = Object.entries(customer.customAttributes);
  const text = (value: string | null): ReactNode => value ?? <Nothing />;
  return (
    <div className={classes.details}>
      <Card title={t('customer.contact')}>
        <FactList
          facts={[
            [t('customer.name'), text(customer.name)],
            [t('customer.externalId'), text(customer.externalId)],
            [t('customer.email'), text(customer.email)],
            [t('customer.phone'), text(customer.phone)],
            [t('customer.city'), text(customer.city)],
            [t('customer.state'), text(customer.state)],
            [t('country.label'), text(customer.country)],
          ]}
        />
      </Card>
      <Card title={t('customer.relation')}>
        <FactList
          facts={[
            [t('customer.stage'), text(customer.stage)],
            [t('customer.status'), text(customer.status)],
            [t('customer.type'), text(customer.type)],
            [t('customer.channel'), text(customer.acquisitionChannel)],
            [t('customer.source'), text(customer.acquisitionSource)],
            [t('customer.refunds'), <Money value={customer.refunds} currency={customer.currency} />],
            [t('customer.lastSeen'), <When at={customer.lastSeenAt} show="dateTime" />],
            [t('customer.created'), <When at={customer.createdAt} show="dateTime" />],
          ]}
        />
      </Card>
      <Card title={t('customer.tags')}>
        {customer.tags.length === 0 ? (
          <Text c="dimmed">{t('customer.noTags')}</Text>
        ) : (
          <Group gap={6}>
            {customer.tags.map((tag) => (
              <Badge key={tag} variant="default" className={classes.badge}>
                {tag}
              </Badge>
            ))}
          </Group>
        )}
      </Card>
      <Card title={t('customer.attributes')}>
        {attributes.length === 0 ? (
          <Text c="dimmed">{t('customer.noAttributes')}</Text>
        ) : (
          <FactList facts={attributes.map(([name, value]) => [name, <Code>{JSON.stringify(value)}</Code>])} />
        )}
      </Card>
      <Tracking customer={customer} />
      <MergedProfiles customer={customer} />
    </div>
  );
}
