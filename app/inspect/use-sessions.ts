"use client";

import { useQuery } from "@tanstack/react-query";
import { pollEvery } from "@/app/(chat)/_chat/reads/read-client";
import type { SessionList } from "./access";

/** The list of sessions, polled while the page is visible. */
export function useSessions(initial: SessionList): SessionList {
  const { data, isError } = useQuery({
    queryKey: ["sessions"],
    queryFn: async ({ signal }): Promise<SessionList> => {
      const response = await fetch("/inspect/sessions", { signal });
      if (!response.ok) throw new Error(`The list of sessions answered ${response.status}`);
      return response.json();
    },
    initialData: initial,
    refetchInterval: (query) => pollEvery(1_500)(query),
    structuralSharing: (old, fresh) => withSessions(old as SessionList | undefined, fresh as SessionList),
  });
  return isError ? { ...data, engine: "away" } : data;
}

/** Keeps the old list while the engine is unreachable. */
function withSessions(old: SessionList | undefined, fresh: SessionList): SessionList {
  return fresh.engine === "here" || !old ? fresh : { ...old, engine: "away" };
}
