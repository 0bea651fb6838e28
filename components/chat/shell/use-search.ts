"use client";

import { useEffect, useEffectEvent, useState } from "react";

export type SearchAnswer<T> = { query: string; results: T[] | "failed" };

export type Search<T> = {
  /** The last answer. It stays while the next one is on its way: nothing flickers under a typing hand. */
  answer: SearchAnswer<T> | null;
  /** Whether it answers what is asked now. */
  isCurrent: boolean;
  retry: () => void;
  forget: () => void;
};

const PAUSE_MS = 150;

/** Asks a moment after the last key; an empty query asks nothing. An answer that was overtaken is dropped. */
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
