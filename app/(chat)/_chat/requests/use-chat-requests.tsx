"use client";

import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { type UIMessage, getToolName, isToolUIPart } from "ai";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { ToolCard, type ToolPart } from "@/components/chat/tools/tool-card";
import { nestedRequestOf, isWaiting, requestIdOf } from "@/lib/chat/requests/pending-calls";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { Delegate, Outcome, RequestCard } from "./parts";
import { useRequests } from "./provider";

export type ChatRequestsOptions = {
  chatId: string;
  messages: UIMessage[];
  /** An answer is being written: what it asks is saved when it ends. */
  isAnswering: boolean;
  /** The branch has older messages than these. */
  hasOlder?: boolean;
  /** What the page was rendered with. */
  initial: HumanRequestView[];
  /** Asked before a decision is taken; what it resolves with follows the agent when that was the last one. Keep it stable, or every message renders again per token. */
  expectTurn?: (() => Promise<() => Promise<void>>) | undefined;
};

/** How long after the end of an answer its requests may still be on their way into the database. */
const RETRY_DELAYS_MS = [0, 300, 1_000, 3_000];

/** What one chat asks of its reader: the cards in its messages, and what the bar says. */
export function useChatRequests({
  chatId,
  messages,
  isAnswering,
  hasOlder = false,
  initial,
  expectTurn,
}: ChatRequestsOptions) {
  const { ofChat, waiting, refresh, decide } = useRequests();
  const loaded = ofChat(chatId);
  const isOnOtherBranch = useOtherBranch(messages, hasOlder);
  const requests = useMemo(
    () => merge(initial, loaded, waiting, chatId).map(isOnOtherBranch),
    [chatId, initial, isOnOtherBranch, loaded, waiting],
  );
  const byCall = useMemo(
    () => new Map(requests.map((request) => [requestKey(request), request])),
    [requests],
  );

  // A call that waits and has no request yet: the answer has ended a moment before it was saved.
  const waitingIds = waitingCalls(messages.at(-1));
  const isAwaited = !isAnswering && waitingIds.some((key) => byCall.get(key) === undefined);
  // Another last message is another branch, of which the server may know more than this page.
  const lastId = messages.at(-1)?.id;
  useEffect(() => {
    if (isAnswering || lastId === undefined) return undefined;
    const timers = (isAwaited ? RETRY_DELAYS_MS : RETRY_DELAYS_MS.slice(0, 1)).map((delay) =>
      setTimeout(() => void refresh(chatId).catch(() => {}), delay),
    );
    return () => timers.forEach(clearTimeout);
  }, [chatId, isAnswering, isAwaited, lastId, refresh]);

  // It waits no longer, and nobody decided it here: the chat says how it ended.
  const isStale = requests.some(
    (request) =>
      request.state === "pending" &&
      !waiting.some((each) => each.chatId === chatId && requestKey(each) === requestKey(request)),
  );
  useEffect(() => {
    if (isStale) void refresh(chatId).catch(() => {});
  }, [chatId, isStale, refresh]);

  const renderTool = useCallback(
    (part: ToolPart, message: UIMessage): ReactNode | undefined => {
      // Approved or not, what matters now is whether it happened.
      const unknown = part.state === "output-available" ? unknownOutcomeOf(part.output) : undefined;
      if (unknown) return <Outcome chatId={chatId} part={part} unknown={unknown} />;
      const request = byCall.get(keyOf(message, part));
      const card = request && (
        <RequestCard
          request={request}
          onDecide={async (decision) => {
            const follow = await expectTurn?.();
            if (await decide(request, decision, "card")) void follow?.();
          }}
        />
      );
      if (getToolName(part) === "delegate") return <Delegate part={part}>{card}</Delegate>;
      const hasRun = request?.state === "approved" && part.state.startsWith("output-");
      return hasRun ? (
        <div className="flex flex-col gap-2">
          {card}
          <ToolCard part={part} />
        </div>
      ) : (
        card
      );
    },
    [byCall, chatId, decide, expectTurn],
  );

  const pending = useMemo(() => requests.filter(({ state }) => state === "pending"), [requests]);
  return {
    /** Waits on the branch that is shown, or on another one of this chat. */
    pending,
    /** The last answer ends with something to decide, whether or not its request is loaded. */
    needsAnswer: waitingIds.length > 0,
    renderTool,
  };
}

/**
 * Says of a request whether it stands in another version, as the page shows it: a switch is seen here before the server
 * is asked again. Of a message that was never shown, and of what is further back, the server knows.
 */
function useOtherBranch(messages: UIMessage[], hasOlder: boolean) {
  // Stable while nothing but the text of the last message changes.
  const ids = messages.map(({ id }) => id).join("\n");
  const [seen, setSeen] = useState<{ ids: string; all: ReadonlySet<string> }>({ ids: "", all: new Set() });
  if (seen.ids !== ids) setSeen({ ids, all: new Set([...seen.all, ...ids.split("\n")]) });
  return useMemo(() => {
    const shown = new Set(ids.split("\n"));
    return (request: HumanRequestView): HumanRequestView => {
      const isHere = shown.has(request.messageId);
      const wasHere = !hasOlder && seen.all.has(request.messageId);
      const onOtherBranch = isHere ? false : wasHere || (request.onOtherBranch ?? false);
      return onOtherBranch === (request.onOtherBranch ?? false) ? request : { ...request, onOtherBranch };
    };
  }, [hasOlder, ids, seen.all]);
}

/** The newest word on each: what waits is asked most often, what was loaded of the chat says how it ended. */
function merge(
  initial: HumanRequestView[],
  loaded: HumanRequestView[],
  waiting: HumanRequestView[],
  chatId: string,
): HumanRequestView[] {
  const all = new Map(initial.map((request) => [requestKey(request), request]));
  for (const request of loaded) all.set(requestKey(request), request);
  for (const request of waiting)
    if (request.chatId === chatId && !all.has(requestKey(request))) all.set(requestKey(request), request);
  return [...all.values()];
}

function waitingCalls(message: UIMessage | undefined): string[] {
  if (message?.role !== "assistant") return [];
  return message.parts.flatMap((part) =>
    isToolUIPart(part) && (isWaiting(part) || nestedRequestOf(part)?.waits) ? [keyOf(message, part)] : [],
  );
}

function keyOf({ id: messageId }: UIMessage, part: ToolPart): string {
  return requestKey({ messageId, toolCallId: requestIdOf(part) });
}
