"use client";

import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { type UIMessage, getToolName, isToolUIPart } from "ai";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { ToolCard, type ToolPart } from "@/components/chat/tools/tool-card";
import { isWaiting, nestedRequestsOf, type RequestName } from "@/lib/chat/requests/pending-calls";
import { startedJob } from "@/lib/agent/progress";
import { nestedUnknownOutcomesOf, unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { CodeRun, Delegate, LongJob, Outcome, RequestCard } from "./parts";
import { useRequests } from "./provider";

export type ChatRequestsOptions = {
  chatId: string;
  messages: UIMessage[];
  /** An answer is being written: its requests are saved when it ends. */
  isAnswering: boolean;
  /** The branch has earlier messages than these. */
  hasOlder?: boolean;
  /** The requests that the page was rendered with. */
  initial: HumanRequestView[];
  /**
   * Called before a decision is sent; the function that it resolves with follows the agent after the last decision.
   * Keep it stable, or every message renders again per token.
   */
  expectTurn?: (() => Promise<() => Promise<void>>) | undefined;
  /** The engine's address for the browser. */
  baseURL?: string;
};

/** How long after the end of an answer its requests may take to be saved. */
const RETRY_DELAYS_MS = [0, 300, 1_000, 3_000];

/** The requests of one chat: the cards in its messages, and the bar's content. */
export function useChatRequests({
  chatId,
  messages,
  isAnswering,
  hasOlder = false,
  initial,
  expectTurn,
  baseURL = "",
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

  // A pending call without a request: the answer has just ended and isn't saved yet.
  const waitingIds = waitingCalls(messages.at(-1));
  const isAwaited = !isAnswering && waitingIds.some((key) => byCall.get(key) === undefined);
  // A different last message is a different branch, for which the server may have more requests.
  const lastId = messages.at(-1)?.id;
  useEffect(() => {
    if (isAnswering || lastId === undefined) return undefined;
    const timers = (isAwaited ? RETRY_DELAYS_MS : RETRY_DELAYS_MS.slice(0, 1)).map((delay) =>
      setTimeout(() => void refresh(chatId).catch(() => {}), delay),
    );
    return () => timers.forEach(clearTimeout);
  }, [chatId, isAnswering, isAwaited, lastId, refresh]);

  // The request was decided elsewhere: reading the chat's requests tells how.
  const isStale = requests.some(
    (request) =>
      request.state === "pending" &&
      !waiting.some((each) => each.chatId === chatId && requestKey(each) === requestKey(request)),
  );
  useEffect(() => {
    if (isStale) void refresh(chatId).catch(() => {});
  }, [chatId, isStale, refresh]);

  const renderTool = useCallback(
    (part: ToolPart, message: UIMessage, isStreaming: boolean): ReactNode | undefined => {
      // Whether or not it was approved, its outcome is what matters now.
      const unknown = part.state === "output-available" ? unknownOutcomeOf(part.output) : undefined;
      if (unknown) return <Outcome chatId={chatId} part={part} unknown={unknown} />;
      if (getToolName(part) === "runCode") return <CodeRun part={part} isStreaming={isStreaming} />;
      const job = getToolName(part) === "longJob" ? startedJob(part) : undefined;
      if (job) return <LongJob key={job.jobId} chatId={chatId} job={job} baseURL={baseURL} />;
      const cardOf = (name: RequestName) => {
        const request = byCall.get(requestKey(name));
        return (
          request && (
            <RequestCard
              key={name.toolCallId}
              request={request}
              onDecide={async (decision) => {
                const follow = await expectTurn?.();
                if (await decide(request, decision, "card")) void follow?.();
              }}
            />
          )
        );
      };
      if (getToolName(part) === "delegate") {
        const unknown = part.state === "output-available" ? nestedUnknownOutcomesOf(part.output) : [];
        return (
          <Delegate part={part} messageId={message.id}>
            {nestedRequestsOf(part)
              .filter(({ toolCallId }) => unknown.every((nested) => nested.toolCallId !== toolCallId))
              .map(({ toolCallId }) => cardOf({ messageId: message.id, toolCallId }))}
            {unknown.map(({ toolCallId, outcome }) => (
              <Outcome
                key={toolCallId}
                chatId={chatId}
                part={{ title: undefined, input: outcome.input }}
                unknown={outcome}
              />
            ))}
          </Delegate>
        );
      }
      const name = { messageId: message.id, toolCallId: part.toolCallId };
      const request = byCall.get(requestKey(name));
      const card = cardOf(name);
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
    [baseURL, byCall, chatId, decide, expectTurn],
  );

  const pending = useMemo(() => requests.filter(({ state }) => state === "pending"), [requests]);
  return {
    /** Pending on the shown branch, or on another branch of this chat. */
    pending,
    /** The last answer ends with a request, loaded or not. */
    needsAnswer: waitingIds.length > 0,
    renderTool,
  };
}

/**
 * Returns true if a request belongs to another version than the page shows, because the page knows about a switch
 * before the server is read again. For messages that weren't loaded, the server's answer is used.
 */
function useOtherBranch(messages: UIMessage[], hasOlder: boolean) {
  // Stable while only the last message's text changes.
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

/**
 * The newest state of each request: pending ones are read most often, and the chat's list says how the others ended.
 */
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
  const messageId = message.id;
  return message.parts.flatMap((part) => {
    if (!isToolUIPart(part)) return [];
    const inside = nestedRequestsOf(part).filter(({ waits }) => waits);
    return (isWaiting(part) ? [part, ...inside] : inside).map(({ toolCallId }) =>
      requestKey({ messageId, toolCallId }),
    );
  });
}
