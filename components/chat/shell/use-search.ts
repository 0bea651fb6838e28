"use client";

import { useEffect, useEffectEvent, useState } from "react";

export type SearchAnswer<T> = { query: string; results: T[] | "failed" };

export type Search<T> = {
  /** The last results. They stay until the next ones arrive, so that nothing flickers while typing. */
  answer: SearchAnswer<T> | null;
  /** Whether the results match the current query. */
  isCurrent: boolean;
  retry: () => void;
  forget: () => void;
};

const PAUSE_MS = 150;

/** Searches shortly after the last key press; an empty query doesn't search. Overtaken results are dropped. */
export function useSearch<T>(query: string, onSearch: (query: string) => Promise<T[]>): Search<T> {
  const [answer, setAnswer] = useState<SearchAnswer<T> | null>(null);
  const [attempt, setAttempt] = useState(0);
  const wanted = query.trim();

  const search = useEffectEvent(onSearch);
  useEffect(() => {
    if (wanted === "") return;
    let isStale = false;
    const timer = setTimeout(() => {
      search(wanted).then(
        (results) => !isStale && setAnswer({ query: wanted, results }),
        () => !isStale && setAnswer({ query: wanted, results: "failed" }),
      );
    }, PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [wanted, attempt]);

  return {
    answer,
    isCurrent: answer?.query === wanted,
    retry: () => setAttempt(attempt + 1),
    forget: () => setAnswer(null),
  };
}
