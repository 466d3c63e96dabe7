import { Badge, Button, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { mergesQuery } from '../../api/queries';
import type { CustomerDetail, Merge } from '../../api/types';
import { Card } from '../../components/Card';
import { Icon } from '../../components/Icon';
import { QueryState } from '../../components/PageState';
import { useReturnFocus } from '../../components/useReturnFocus';
import { When } from '../../components/Values';
import { useT } from '../../i18n/I18n';
import { useOrganization, usePermissions } from '../../shell/organization';
import classes from './Person.module.css';
import { UndoMerge } from './UndoMerge';
import { mergedName } from './words';

/** Which profiles became part of this person, newest first: who found them to be the same, when and why. */
export function MergedProfiles({ customer }: { customer: CustomerDetail }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(mergesQuery(slug, customer.id));
  const [undoing, setUndoing] = useState<Merge | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const focusAfter = useReturnFocus<HTMLElement>(undoing !== null);
  const close = (done: boolean) => {
    // The button that was pressed goes with the merge.
    if (done) focusAfter.current = list.current;
    setUndoing(null);
  };
  return (
    <Card title={t('merges.title')} className={classes.merges}>
      <QueryState query={query} failed={t('merges.failed')} skeleton={<Skeleton h={56} />}>
        {(merges) =>
          merges.length === 0 ? (
            <Text c="dimmed">{t('merges.none')}</Text>
          ) : (
            <ul ref={list} tabIndex={-1} className={classes.mergeList} aria-label={t('merges.title')}>
              {merges.map((merge, i) => (
                <MergeLine
                  key={merge.id}
                  merge={merge}
                  waits={merges.slice(0, i).some((later) => later.status === 'done')}
                  undo={(button) => {
                    focusAfter.current = button;
                    setUndoing(merge);
                  }}
                />
              ))}
            </ul>
          )
        }
      </QueryState>
      {undoing && <UndoMerge merge={undoing} close={close} />}
    </Card>
  );
}

function MergeLine({ merge, waits, undo }: { merge: Merge; waits: boolean; undo: (button: HTMLElement) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const { manageCustomers } = usePermissions();
  const name = mergedName(merge);
  const undone = merge.status === 'undone';
  return (
    <li className={classes.merge}>
      <div className={classes.mergeText}>
        <div className={classes.mergeHead}>
          {undone ? (
            <Link to="/o/$slug/customers/$id" params={{ slug, id: merge.merged }} className={classes.mergeName}>
              {name}
            </Link>
          ) : (
            <span className={classes.mergeName}>{name}</span>
          )}
          {name !== merge.mergedExternalId && <span className={classes.dimmed}>{merge.mergedExternalId}</span>}
          {undone && (
            <Badge variant="default" size="sm" className={classes.badge}>
              {t('merges.undone')}
            </Badge>
          )}
        </div>
        <div className={classes.dimmed}>
          {merge.by ? t('merges.by', { name: merge.by }) : t('merges.merged')} <When at={merge.mergedAt} />
          {undone && (
            <>
              {' · '}
              {t('merges.undone')} <When at={merge.undoneAt} />
            </>
          )}
        </div>
        <div className={classes.reason}>{merge.reason || <span className={classes.dimmed}>{t('merges.noReason')}</span>}</div>
      </div>
      {manageCustomers && merge.undoable && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="undo" />}
          onClick={(event) => undo(event.currentTarget)}
          aria-label={t('merges.undo', { name })}
        >
          {t('merge.undo')}
        </Button>
      )}
      {manageCustomers && !undone && !merge.undoable && waits && <span className={classes.dimmed}>{t('merges.waits')}</span>}
    </li>
  );
}
