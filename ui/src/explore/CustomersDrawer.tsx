import { Button, Drawer, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { pickedQuery } from '../api/analytics';
import type { Pick, Question } from '../api/analytics.types';
import { asProblem } from '../api/problem';
import { useAnnounceChange } from '../components/Announcer';
import { ErrorState, PageState } from '../components/PageState';
import { useOrganization } from '../shell/organization';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';

interface CustomersDrawerProps {
  question: Question;
  pick: Pick;
  title: string;
  close: () => void;
}

/** The customers behind a number, each a link to their page. */
export function CustomersDrawer({ question, pick, title, close }: CustomersDrawerProps) {
  const { words } = useExplore();
  const { t, format } = words;
  const { slug } = useOrganization();
  const query = useInfiniteQuery(pickedQuery(slug, question, pick));
  const people = query.data?.pages.flatMap((page) => page.items) ?? [];
  const total = query.data?.pages[0]?.total;
  useAnnounceChange(total === undefined ? '' : t('explore.people', { count: total }));
  return (
    <Drawer opened onClose={close} position="right" size={420} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      {total !== undefined ? (
        total === 0 ? (
          <PageState icon="people" title={t('explore.people.none')}>
            <Text size="sm">{t('explore.people.noneWhy')}</Text>
          </PageState>
        ) : (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {t('explore.people', { count: total })}
            </Text>
            <ul className={classes.people}>
              {people.map((person) => (
                <li key={person.id}>
                  <Link to="/o/$slug/customers/$id" params={{ slug, id: person.id }}>
                    <span>{person.name ?? person.email ?? person.customerId ?? t('explore.people.unnamed')}</span>
                    <small>{person.name ? (person.email ?? person.customerId ?? '') : person.id.slice(0, 8)}</small>
                  </Link>
                </li>
              ))}
            </ul>
            {query.hasNextPage && (
              <Button fullWidth mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {t('explore.people.more', { shown: format.number(people.length), total: format.number(total) })}
              </Button>
            )}
          </>
        )
      ) : query.isError ? (
        asProblem(query.error).code === 'not_a_column' ? (
          <PageState icon="alert" title={t('explore.people.notListed')} alert>
            <Text size="sm">{t('explore.people.notListedWhy')}</Text>
          </PageState>
        ) : (
          <ErrorState what={t('explore.people.failed')} error={query.error} retry={() => void query.refetch()} />
        )
      ) : (
        <div role="status" aria-label={t('state.loading')}>
          {Array.from({ length: 8 }, (_, i) => (
            <Skeleton key={i} height={36} mb={8} radius="sm" />
          ))}
        </div>
      )}
    </Drawer>
  );
}
