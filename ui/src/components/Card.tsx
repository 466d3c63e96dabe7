import { Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import classes from './Card.module.css';

interface CardProps {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
  /** The content brings its own padding, as tables do. */
  flush?: boolean;
  className?: string;
}

/** A titled part of a page. */
export function Card({ title, actions, children, flush, className }: CardProps) {
  const id = useId();
  return (
    <section className={[classes.card, className].filter(Boolean).join(' ')} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <div className={classes.head}>
          {title && (
            <Title order={2} id={id} className={classes.title}>
              {title}
            </Title>
          )}
          {actions && <div className={classes.actions}>{actions}</div>}
        </div>
      )}
      <div className={flush ? undefined : classes.body}>{children}</div>
    </section>
  );
}
