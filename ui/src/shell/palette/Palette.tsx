import { Modal, TextInput, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useAnnounceChange } from '../../components/Announcer';
import { Icon } from '../../components/Icon';
import { useT } from '../../i18n/I18n';
import classes from './Palette.module.css';
import { useCommands } from './useCommands';

/** Finds pages, people, orders and actions. The list is a combobox: the focus stays in the field, the arrows move the choice. */
export default function Palette({ close }: { close: () => void }) {
  const t = useT();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [query] = useDebouncedValue(text.trim(), 150);
  const { groups, searching, failed } = useCommands(query);
  const commands = groups.flatMap((group) => group.commands);
  const at = Math.min(chosen, commands.length - 1);
  const optionId = (index: number) => `${listId}-${index}`;
  useAnnounceChange(searching ? null : t('palette.results', { count: commands.length }));

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const run = (index: number) => {
    const command = commands[index];
    if (!command) return;
    close();
    command.run();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 };
    const next = moves[event.key];
    if (next !== undefined && commands.length > 0) {
      event.preventDefault();
      setChosen((next + commands.length) % commands.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(at);
    }
  };

  let index = -1;
  return (
    <Modal.Root opened onClose={close} padding={0} size={560} yOffset="12vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label={t('palette.title')}>
        <TextInput
          data-autofocus
          variant="unstyled"
          className={classes.input}
          size="md"
          leftSection={<Icon name="search" />}
          placeholder={t('palette.placeholder')}
          aria-label={t('palette.placeholder')}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? optionId(at) : undefined}
        />
        <div ref={list} id={listId} role="listbox" aria-label={t('palette.title')} className={classes.list}>
          {groups.map((group) => (
            <div key={group.label} role="group" aria-label={group.label}>
              <div className={classes.label} aria-hidden="true">
                {group.label}
              </div>
              {group.commands.map((command) => {
                index += 1;
                const mine = index;
                return (
                  <div
                    key={command.id}
                    id={optionId(mine)}
                    role="option"
                    aria-selected={mine === at}
                    className={classes.option}
                    onClick={() => run(mine)}
                    onMouseMove={() => setChosen(mine)}
                  >
                    <Icon name={command.icon} />
                    <span className={classes.name}>{command.label}</span>
                    {command.hint && <span className={classes.hint}>{command.hint}</span>}
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        {commands.length === 0 && (
          <div className={classes.nothing}>
            {failed ? t('palette.failed') : searching ? t('palette.searching') : t('palette.nothing', { query })}
          </div>
        )}
        <div className={classes.keys} aria-hidden="true">
          {t('palette.keys')}
        </div>
        <VisuallyHidden>{t('palette.keys')}</VisuallyHidden>
      </Modal.Content>
    </Modal.Root>
  );
}
