"use client";

import { useEffect, useState } from "react";
import type { SessionList } from "./access";

const EVERY_MS = 1_500;

/** The list of sessions, asked for again and again while somebody looks. */
export function useSessions(initial: SessionList): SessionList {
  const [list, setList] = useState(initial);
  useEffect(() => {
    let stopped = false;
    async function refresh() {
      if (document.visibilityState === "visible") {
        const fresh = await fetch("/inspect/sessions")
          .then((response) => (response.ok ? (response.json() as Promise<SessionList>) : null))
          .catch(() => null);
        if (stopped) return;
        // The old list stays in sight while the engine is away.
        setList((old) => (fresh?.engine === "here" ? fresh : { ...old, engine: "away" }));
      }
      if (!stopped) timer = setTimeout(() => void refresh(), EVERY_MS);
    }
    let timer = setTimeout(() => void refresh(), EVERY_MS);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, []);
  return list;
}
