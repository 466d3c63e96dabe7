import { ActionIcon, Button, Checkbox, Popover, TextInput, Tooltip } from '@mantine/core';
import { useState } from 'react';
import type { DataRelation } from '../api/data.types';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Data.module.css';
import { moved, usual, type View } from './view';

interface ColumnsMenuProps {
  relation: DataRelation;
  view: View;
  arrange: (columns: string[] | undefined, pinned?: string[]) => void;
}

/** Which columns, in which order, and which stay. */
export function ColumnsMenu({ relation, view, arrange }: ColumnsMenuProps) {
  const t = useT();
  const [find, setFind] = useState('');
  const shown = view.columns.map((column) => column.name);
  const rest = relation.columns.map((column) => column.name).filter((name) => !shown.includes(name));
  const matching = (name: string) => name.includes(find.trim().toLowerCase());
  const toggle = (name: string) => {
    const next = shown.includes(name) ? shown.filter((other) => other !== name) : [...shown, name];
    if (next.length > 0)
      arrange(
        next,
        view.pinned.filter((pin) => next.includes(pin)),
      );
  };
  const pin = (name: string) =>
    arrange(shown, view.pinned.includes(name) ? view.pinned.filter((other) => other !== name) : [...view.pinned, name]);
  return (
    <Popover position="bottom-end" width={340} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" />}>
          {t('data.columns', { shown: shown.length, all: relation.columns.length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t('table.columns')}>
        <TextInput
          size="xs"
          aria-label={t('data.columns.find')}
          placeholder={t('data.columns.find')}
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
        />
        <ul className={classes.columnList}>
          {[...shown, ...rest].filter(matching).map((name) => {
            const at = shown.indexOf(name);
            return (
              <li key={name}>
                <Checkbox size="xs" label={name} checked={at >= 0} onChange={() => toggle(name)} />
                {at >= 0 && (
                  <span className={classes.columnActs}>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      size="sm"
                      disabled={at === 0}
                      aria-label={t('data.columns.left', { column: name })}
                      onClick={() => arrange(moved(shown, name, shown[at - 1] ?? null), view.pinned)}
                    >
                      <Icon name="up" size={14} />
                    </ActionIcon>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      size="sm"
                      disabled={at === shown.length - 1}
                      aria-label={t('data.columns.right', { column: name })}
                      onClick={() => arrange(moved(shown, name, shown[at + 2] ?? null), view.pinned)}
                    >
                      <Icon name="down" size={14} />
                    </ActionIcon>
                    <Tooltip label={t('data.columns.pin', { column: name })}>
                      <ActionIcon
                        variant={view.pinned.includes(name) ? 'light' : 'subtle'}
                        color={view.pinned.includes(name) ? undefined : 'gray'}
                        size="sm"
                        aria-pressed={view.pinned.includes(name)}
                        aria-label={t('data.columns.pin', { column: name })}
                        onClick={() => pin(name)}
                      >
                        <Icon name="lock" size={14} />
                      </ActionIcon>
                    </Tooltip>
                  </span>
                )}
              </li>
            );
          })}
        </ul>
        <div className={classes.builderEnd}>
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() =>
              arrange(
                relation.columns.map((column) => column.name),
                view.pinned,
              )
            }
          >
            {t('data.columns.all')}
          </Button>
          <Button variant="subtle" size="compact-xs" onClick={() => arrange(undefined, [])}>
            {t('data.columns.usual', { count: usual(relation).length })}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
