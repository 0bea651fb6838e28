"use client";

import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
} from "react";
import { requestKey, type Decision, type HumanRequestView } from "@/components/chat/requests/request";
import { KnownError } from "@/components/chat/shared/known-error";
import { describeError } from "../actions/expected-error";
import { pollEvery } from "../reads/read-client";
import type { AllowedTool, ChatRequests } from "../reads/fetchers";

type Via = "card" | "inbox";

/** A sentence for the person when the decision was not taken; whether nothing else of the message waits. */
type DecisionResult = { problem?: string; isComplete?: boolean };

/** Where requests come from and where decisions go: the server, which checks there who is signed in. */
export type RequestSource = {
  /** Everything that waits for this person in any chat, the oldest first. */
  readWaitingRequests: (signal?: AbortSignal) => Promise<HumanRequestView[]>;
  readChatRequests: (chatId: string, signal?: AbortSignal) => Promise<ChatRequests>;
  /** Resolves with a `problem` when the decision is not taken: somebody else was first, it expired, it does not fit. */
  decideRequest: (args: {
    chatId: string;
    messageId: string;
    toolCallId: string;
    decision: Decision;
    via: Via;
  }) => Promise<DecisionResult>;
  revokeAllowedTool: (chatId: string, tool: string) => Promise<void>;
};

export type Requests = {
  /** What waits for this person in any chat, the oldest first. */
  waiting: HumanRequestView[];
  /** What was asked in a chat, as far as it was loaded. */
  ofChat: (chatId: string) => HumanRequestView[];
  /** Asks the server again: what waits, and what a chat has. */
  refresh: (chatId?: string) => Promise<void>;
  /** Rejects with a sentence for the person. Resolves with whether the agent goes on: nothing else of the message waits. */
  decide: (request: HumanRequestView, decision: Decision, via: Via) => Promise<boolean>;
  /** The tools that run without asking in a chat, as far as it was loaded. */
  allowedIn: (chatId: string) => AllowedTool[];
  /** From the next call on the tool asks again. Rejects with a sentence for the person. */
  revoke: (chatId: string, tool: string) => Promise<void>;
};

const none: HumanRequestView[] = [];
const noTools: AllowedTool[] = [];

const RequestsContext = createContext<Requests>({
  waiting: none,
  ofChat: () => none,
  refresh: async () => {},
  decide: () => Promise.reject(new Error("Requests can't be answered on this page.")),
  allowedIn: () => noTools,
  revoke: () => Promise.reject(new Error("Nothing can be revoked on this page.")),
});

export function useRequests(): Requests {
  return use(RequestsContext);
}

export type RequestsProviderProps = {
  /** What waited when the page was rendered. */
  waiting: HumanRequestView[];
  /** Stable. */
  source: RequestSource;
  children: ReactNode;
};

const WAITING = ["waiting requests"];
const requestsOf = (chatId: string) => ["requests", chatId];

/** One reading of what waits, for everything that shows it: cards, bar, sidebar, tab and inbox. */
export function RequestsProvider({ waiting: initial, source, children }: RequestsProviderProps) {
  const client = useQueryClient();
  /** The chats whose requests were asked for. */
  const [opened, setOpened] = useState<string[]>([]);
  const waitingQuery = useMemo(
    () => ({
      queryKey: WAITING,
      queryFn: ({ signal }: { signal: AbortSignal }) => source.readWaitingRequests(signal),
    }),
    [source],
  );
  const chatQuery = useCallback(
    (chatId: string) => ({
      queryKey: requestsOf(chatId),
      queryFn: ({ signal }: { signal: AbortSignal }) => source.readChatRequests(chatId, signal),
    }),
    [source],
  );
  const { data: waiting } = useQuery({
    ...waitingQuery,
    initialData: initial,
    refetchInterval: pollEvery(20_000),
    // The tab's title, its icon and a notice tell of what is found while nobody looks.
    refetchIntervalInBackground: true,
  });
  useOtherTabs(waiting, () => void client.refetchQueries({ queryKey: WAITING }));
  const byChat = useQueries({
    // `refresh` reads them, and nothing else does.
    queries: opened.map((chatId) => ({ ...chatQuery(chatId), enabled: false })),
    combine: useCallback(
      (results: { data?: ChatRequests | undefined }[]) =>
        new Map(opened.map((chatId, index) => [chatId, results[index]?.data])),
      [opened],
    ),
  });

  const refresh = useCallback(
    async (chatId?: string) => {
      const queries = chatId === undefined ? [waitingQuery] : [waitingQuery, chatQuery(chatId)];
      if (chatId !== undefined) setOpened((known) => (known.includes(chatId) ? known : [...known, chatId]));
      await Promise.all(
        queries.map(async (query) => {
          // A reading that began before this one may be older than what was just decided.
          await client.cancelQueries({ queryKey: query.queryKey });
          await client.fetchQuery<unknown>({ ...query, staleTime: 0 });
        }),
      );
    },
    [chatQuery, client, waitingQuery],
  );

  const decide = useCallback(
    async (request: HumanRequestView, decision: Decision, via: Via) => {
      const { chatId, messageId, toolCallId } = request;
      const { problem, isComplete = false } = await source
        .decideRequest({ chatId, messageId, toolCallId, decision, via })
        .catch((error: unknown): DecisionResult => ({ problem: describeError(error) }));
      // Also when it was not taken: it may have been decided elsewhere, and then the card shows by whom. A slow line
      // keeps nobody from reading that it is saved.
      void refresh(chatId).catch(() => {});
      if (problem !== undefined) throw new KnownError(problem);
      return isComplete;
    },
    [refresh, source],
  );

  const revoke = useCallback(
    async (chatId: string, tool: string) => {
      try {
        await source.revokeAllowedTool(chatId, tool);
      } catch (error) {
        throw new KnownError(describeError(error), { cause: error });
      }
      client.setQueryData<ChatRequests>(
        requestsOf(chatId),
        (known) =>
          known && { ...known, allowedTools: known.allowedTools.filter((each) => each.name !== tool) },
      );
    },
    [client, source],
  );

  const requests = useMemo<Requests>(
    () => ({
      waiting,
      ofChat: (chatId) => byChat.get(chatId)?.requests ?? none,
      refresh,
      decide,
      allowedIn: (chatId) => byChat.get(chatId)?.allowedTools ?? noTools,
      revoke,
    }),
    [byChat, decide, refresh, revoke, waiting],
  );
  return <RequestsContext value={requests}>{children}</RequestsContext>;
}

/** Every tab of this browser says the same number: what one of them finds out it tells the others. */
function useOtherTabs(waiting: HumanRequestView[], readAgain: () => void) {
  const channel = useRef<BroadcastChannel>(undefined);
  const onNews = useEffectEvent(readAgain);
  useEffect(() => {
    const opened = new BroadcastChannel("holdfast:requests");
    opened.addEventListener("message", () => onNews());
    channel.current = opened;
    return () => opened.close();
  }, []);

  const now = waiting.map((request) => `${request.chatId} ${requestKey(request)}`).join("\n");
  const told = useRef(now);
  useEffect(() => {
    if (told.current === now) return;
    told.current = now;
    channel.current?.postMessage("changed");
  }, [now]);
}
