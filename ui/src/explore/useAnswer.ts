import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { answerKey, ask, type Answered } from '../api/analytics';
import type { Question } from '../api/analytics.types';

/** A question on its way shows how far it is only when it takes longer than this: quick ones would flicker. */
const shownAfter = 500;

/**
 * The answer to a question. A newer question cancels the one before; until its answer is there, the old one stays,
 * marked as stale.
 */
export function useAnswer(organization: string, question: Question, engine: 'sql' | undefined) {
  const client = useQueryClient();
  const [progress, setProgress] = useState(0);
  const text = JSON.stringify(question);
  // Equal questions are one question, however often the page is drawn.
  const asked = useMemo(() => JSON.parse(text) as Question, [text]);
  const key = useMemo(() => answerKey(organization, asked, engine), [organization, asked, engine]);
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<Answered> => {
      setProgress(0);
      return { question: asked, answer: await ask(organization, asked, engine, signal, setProgress) };
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!query.isFetching) return undefined;
    const timer = setTimeout(() => setSlow(true), shownAfter);
    return () => clearTimeout(timer);
  }, [query.isFetching, key]);
  const stop = useCallback(() => void client.cancelQueries({ queryKey: key }), [client, key]);
  return {
    query,
    progress,
    /** It has been on its way for a while. */
    slow: slow && query.isFetching,
    stop,
    /** Somebody stopped it: nothing is on its way, and what is shown is not its answer. */
    stopped: query.fetchStatus === 'idle' && !query.isError && (query.data === undefined || query.isPlaceholderData),
  };
}
