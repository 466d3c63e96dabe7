import { Button, Menu } from '@mantine/core';
import { useT } from '../../i18n/I18n';
import { Icon } from '../Icon';
import type { Column, Density } from './columns';
import type { TableView } from './useTableView';

/** Columns to show and the height of rows. */
export function ViewMenu<T>({ all, view }: { all: Column<T>[]; view: TableView<T> }) {
  const t = useT();
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="columns" />}>
          {t('table.view')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        <Menu.RadioGroup value={view.density} onChange={(value) => view.setDensity(value as Density)}>
          <Menu.Label>{t('table.density')}</Menu.Label>
          <Menu.RadioItem value="comfortable">{t('table.comfortable')}</Menu.RadioItem>
          <Menu.RadioItem value="compact">{t('table.compact')}</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t('table.columns')}</Menu.Label>
        {all.map((column) => (
          <Menu.CheckboxItem key={column.id} checked={view.shows(column)} disabled={column.always} onChange={() => view.toggle(column.id)}>
            {column.label}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={view.reset}>{t('table.reset')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
