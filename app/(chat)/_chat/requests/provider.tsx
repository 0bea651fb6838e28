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

/** A sentence for the person if the decision wasn't accepted; and whether it was the message's last pending request. */
type DecisionResult = { problem?: string; isComplete?: boolean };

/** Where requests are read and decisions are sent: the server, which checks who is signed in. */
export type RequestSource = {
  /** The person's pending requests in all chats, oldest first. */
  readWaitingRequests: (signal?: AbortSignal) => Promise<HumanRequestView[]>;
  readChatRequests: (chatId: string, signal?: AbortSignal) => Promise<ChatRequests>;
  /**
   * Resolves with a `problem` if the decision isn't accepted: someone else decided first, it expired, or it is invalid.
   */
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
  /** The person's pending requests in all chats, oldest first. */
  waiting: HumanRequestView[];
  /** The requests of a chat, if loaded. */
  ofChat: (chatId: string) => HumanRequestView[];
  /** Reads the pending requests and those of loaded chats again. */
  refresh: (chatId?: string) => Promise<void>;
  /**
   * Rejects with a sentence for the person. Resolves with true if the agent continues, because no other request of the
   * message is pending.
   */
  decide: (request: HumanRequestView, decision: Decision, via: Via) => Promise<boolean>;
  /** The tools that run without asking in a chat, if loaded. */
  allowedIn: (chatId: string) => AllowedTool[];
  /** Makes the tool ask again from its next call. Rejects with a sentence for the person. */
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
  /** The pending requests when the page was rendered. */
  waiting: HumanRequestView[];
  /** Must be stable. */
  source: RequestSource;
  children: ReactNode;
};

const WAITING = ["waiting requests"];
const requestsOf = (chatId: string) => ["requests", chatId];

/** Provides pending requests to everything that shows them: cards, bar, sidebar, tab and inbox. */
export function RequestsProvider({ waiting: initial, source, children }: RequestsProviderProps) {
  const client = useQueryClient();
  /** The chats whose requests were loaded. */
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
    // The tab's title, icon and notifications change even while the page is hidden.
    refetchIntervalInBackground: true,
  });
  useOtherTabs(waiting, () => void client.refetchQueries({ queryKey: WAITING }));
  const byChat = useQueries({
    // `refresh` is the only trigger for reading them.
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
          // A read that started before this decision may be older than it.
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
      // Also after a refusal: the request may have been decided elsewhere, and the card then shows by whom. The read
      // isn't awaited, so a slow connection doesn't delay "Saved".
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

/** All tabs of this browser show the same number: each tells the others what it reads. */
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
