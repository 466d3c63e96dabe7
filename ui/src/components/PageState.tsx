import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asProblem, type ApiProblem } from '../api/problem';
import { useT } from '../i18n/I18n';
import type { Key } from '../i18n/catalogue';
import { CopyIcon } from './CopyButton';
import { Icon, type IconName } from './Icon';
import classes from './PageState.module.css';

interface StateProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  alert?: boolean;
  /** It is all there is, so its title is the page's. */
  alone?: boolean;
}

/** The one look of a page that has nothing to show, whatever the reason. */
export function PageState({ icon, title, children, action, alert, alone }: StateProps) {
  return (
    <Stack className={classes.state} gap="xs" role={alert ? 'alert' : undefined}>
      <span className={classes.icon} data-alert={alert || undefined}>
        <Icon name={icon} size={22} />
      </span>
      <Title order={alone ? 1 : 2} className={classes.title}>
        {title}
      </Title>
      {children}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

interface EmptyStateProps {
  title: string;
  why: string;
  action?: ReactNode;
  icon?: IconName;
  alone?: boolean;
}

/** What it is, why it is empty, the one next step. */
export function EmptyState({ title, why, action, icon = 'empty', alone }: EmptyStateProps) {
  return (
    <PageState icon={icon} title={title} action={action} alone={alone}>
      <Text className={classes.text}>{why}</Text>
    </PageState>
  );
}

export function NoPermission() {
  const t = useT();
  return (
    <PageState icon="lock" title={t('state.noPermission.title')}>
      <Text className={classes.text}>{t('state.noPermission.text')}</Text>
    </PageState>
  );
}

const adviceFor = (problem: ApiProblem): Key => {
  if (problem.offline) return 'state.error.offline';
  if (problem.status === 404) return 'state.error.missing';
  if (problem.status >= 500) return 'state.error.server';
  return 'state.error.other';
};

/** What failed, what to do, and a code to quote. */
export function ErrorState({ what, error, retry, alone }: { what: string; error: unknown; retry?: () => void; alone?: boolean }) {
  const t = useT();
  const problem = asProblem(error);
  if (problem.status === 403) return <NoPermission />;
  const quote = [problem.code, problem.traceId].filter(Boolean).join(' · ');
  const advice =
    problem.detail && problem.status > 0 && problem.status < 500 ? problem.detail : (t as (key: Key) => string)(adviceFor(problem));
  return (
    <PageState
      icon="alert"
      title={what}
      alert
      alone={alone}
      action={
        retry && (
          <Button variant="default" onClick={retry}>
            {t('state.error.retry')}
          </Button>
        )
      }
    >
      <Text className={classes.text}>{advice}</Text>
      <Group gap={6}>
        <Text size="xs" c="dimmed">
          {t('state.error.quote')}
        </Text>
        <Code className={classes.code}>{quote}</Code>
        <CopyIcon value={quote} label={t('state.error.copy')} />
      </Group>
    </PageState>
  );
}

interface QueryStateProps<T> {
  query: UseQueryResult<T>;
  /** What the reader was promised, for the error's title. */
  failed: string;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}

/** Loading, failed or there: the three ends of every query. Data on screen stays there when a refresh fails. */
export function QueryState<T>({ query, failed, skeleton, children }: QueryStateProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState what={failed} error={query.error} retry={() => void query.refetch()} />;
  return skeleton;
}
