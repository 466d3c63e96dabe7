import { Button, CloseButton, Paper, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useT } from '../i18n/I18n';
import { useAnnounce } from './Announcer';
import classes from './Notices.module.css';
import { ProblemAlert } from './ProblemAlert';

interface Notice {
  text: string;
  /** The one thing that may be wanted next, mostly to take it back. */
  action?: { label: string; run: () => Promise<unknown> };
}

const NoticeContext = createContext<(notice: Notice) => void>(() => undefined);

/** Says what was done after the place where it was done is gone. */
export const useNotify = () => use(NoticeContext);

const seconds = 1_000;
const shownFor = { plain: 8 * seconds, withAction: 20 * seconds };

/** One notice at a time, in the corner; the newest replaces the one before. Nothing in it is to be had only there. */
export function Notices({ children }: { children: ReactNode }) {
  const t = useT();
  const announce = useAnnounce();
  const count = useRef(0);
  const [current, setCurrent] = useState<(Notice & { id: number }) | null>(null);
  const notify = useCallback(
    (notice: Notice) => {
      count.current += 1;
      setCurrent({ ...notice, id: count.current });
      announce(notice.text);
    },
    [announce],
  );
  const close = useCallback((id: number) => setCurrent((now) => (now?.id === id ? null : now)), []);
  return (
    <NoticeContext value={notify}>
      {children}
      {current && (
        <section className={classes.region} aria-label={t('notice.region')}>
          <NoticeCard key={current.id} notice={current} close={() => close(current.id)} />
        </section>
      )}
    </NoticeContext>
  );
}

function NoticeCard({ notice: { text, action }, close }: { notice: Notice; close: () => void }) {
  const t = useT();
  const [held, setHeld] = useState(false);
  const act = useMutation({ mutationFn: () => action?.run() ?? Promise.resolve(), onSuccess: close });
  const latestClose = useRef(close);
  latestClose.current = close;
  const stays = held || act.isPending || act.isError;
  // It does not go while somebody is at it.
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => latestClose.current(), action ? shownFor.withAction : shownFor.plain);
    return () => clearTimeout(timer);
  }, [stays, action]);
  return (
    <Paper
      shadow="md"
      withBorder
      className={classes.notice}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div className={classes.line}>
        <Text size="sm" className={classes.text}>
          {text}
        </Text>
        {action && !act.isError && (
          <Button variant="default" size="xs" loading={act.isPending} onClick={() => act.mutate()}>
            {action.label}
          </Button>
        )}
        <CloseButton size="sm" onClick={close} aria-label={t('action.close')} />
      </div>
      <ProblemAlert error={act.error} />
    </Paper>
  );
}
