"use client";

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
import type { Decision, HumanRequestView } from "@/components/chat/request";
import { describeError } from "./expected-error";
import { keepLooking } from "./keep-looking";

type Via = "card" | "inbox";

/** A sentence for the person when the decision was not taken; whether nothing else of the message waits. */
type DecisionResult = { problem?: string; isComplete?: boolean };

/** What the server does about requests: server actions, checked there for whoever is signed in. */
export type RequestActions = {
  /** Everything that waits for this person in any chat, the oldest first. */
  listWaitingRequests: () => Promise<HumanRequestView[]>;
  /** What was asked in a chat of theirs, the oldest first; of very much, the newest. */
  listChatRequests: (chatId: string) => Promise<HumanRequestView[]>;
  /** Resolves with a `problem` when the decision is not taken: somebody else was first, it expired, it does not fit. */
  decideRequest: (args: {
    chatId: string;
    messageId: string;
    toolCallId: string;
    decision: Decision;
    via: Via;
  }) => Promise<DecisionResult>;
  /** The tools that run without asking in a chat of theirs. */
  listAllowedTools: (chatId: string) => Promise<string[]>;
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
  allowedIn: (chatId: string) => string[];
  /** From the next call on the tool asks again. Rejects with a sentence for the person. */
  revoke: (chatId: string, tool: string) => Promise<void>;
};

const none: HumanRequestView[] = [];
const noTools: string[] = [];

const RequestsContext = createContext<Requests>({
  waiting: none,
  ofChat: () => none,
  refresh: async () => {},
  decide: () => Promise.reject(new Error("Requests cannot be decided on this page.")),
  allowedIn: () => noTools,
  revoke: () => Promise.reject(new Error("Nothing can be revoked on this page.")),
});

export function useRequests(): Requests {
  return use(RequestsContext);
}

export type RequestsProviderProps = {
  /** What waited when the page was rendered. */
  waiting: HumanRequestView[];
  actions: RequestActions;
  children: ReactNode;
};

/** One reading of what waits, for everything that shows it: cards, bar, sidebar, tab and inbox. */
export function RequestsProvider({ waiting: initial, actions, children }: RequestsProviderProps) {
  const [waiting, setWaiting] = useState(initial);
  const [byChat, setByChat] = useState<ReadonlyMap<string, HumanRequestView[]>>(new Map());
  const [allowed, setAllowed] = useState<ReadonlyMap<string, string[]>>(new Map());
  const { listWaitingRequests, listChatRequests, decideRequest, listAllowedTools, revokeAllowedTool } =
    actions;
  // An older reading that arrives late must not undo a newer one.
  const readings = useRef({ started: 0, shown: 0 });

  const refresh = useCallback(
    async (chatId?: string) => {
      const reading = (readings.current.started += 1);
      const [everything, ofChat, tools] = await Promise.all([
        listWaitingRequests(),
        chatId === undefined ? undefined : listChatRequests(chatId),
        chatId === undefined ? undefined : listAllowedTools(chatId),
      ]);
      if (chatId !== undefined && ofChat) setByChat((known) => new Map(known).set(chatId, ofChat));
      if (chatId !== undefined && tools) setAllowed((known) => new Map(known).set(chatId, tools));
      if (reading < readings.current.shown) return;
      readings.current.shown = reading;
      setWaiting(everything);
    },
    [listAllowedTools, listChatRequests, listWaitingRequests],
  );

  const decide = useCallback(
    async (request: HumanRequestView, decision: Decision, via: Via) => {
      const { chatId, messageId, toolCallId } = request;
      const { problem, isComplete = false } = await decideRequest({
        chatId,
        messageId,
        toolCallId,
        decision,
        via,
      }).catch((error: unknown): DecisionResult => ({ problem: describeError(error) }));
      // Also when it was not taken: it may have been decided elsewhere, and then the card shows by whom.
      await refresh(chatId).catch(() => {});
      if (problem !== undefined) throw new Error(problem);
      return isComplete;
    },
    [decideRequest, refresh],
  );

  const revoke = useCallback(
    async (chatId: string, tool: string) => {
      try {
        await revokeAllowedTool(chatId, tool);
      } catch (error) {
        throw new Error(describeError(error), { cause: error });
      }
      setAllowed((known) =>
        new Map(known).set(
          chatId,
          (known.get(chatId) ?? noTools).filter((each) => each !== tool),
        ),
      );
    },
    [revokeAllowedTool],
  );

  const look = useEffectEvent(() => void refresh().catch(() => {}));
  useEffect(() => keepLooking(() => look()), []);

  const requests = useMemo<Requests>(
    () => ({
      waiting,
      ofChat: (chatId) => byChat.get(chatId) ?? none,
      refresh,
      decide,
      allowedIn: (chatId) => allowed.get(chatId) ?? noTools,
      revoke,
    }),
    [allowed, byChat, decide, refresh, revoke, waiting],
  );
  return <RequestsContext value={requests}>{children}</RequestsContext>;
}
