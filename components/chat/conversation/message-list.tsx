"use client";

import { type ReactNode, memo, startTransition, useCallback, useEffect, useRef, useState } from "react";
import type { UIMessage } from "ai";
import { ArrowDown } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/utils";
import { EarlierMessages } from "./earlier-messages";
import { MOST, growDown, growUp, rangeOf, type MessageWindow, windowAround } from "./message-window";
import { useFocusRestore } from "../shared/use-focus-restore";
import {
  type ScrollAnchor,
  readAnchor,
  useIsomorphicLayoutEffect,
  useScrollAnchor,
} from "./use-scroll-anchor";

export type MessageListProps = Omit<React.ComponentProps<"div">, "children"> & {
  messages: UIMessage[];
  /** The last message is being written. */
  isStreaming?: boolean;
  /** The transcript is loading: shows skeletons in the shape of messages. */
  isLoading?: boolean;
  /** There are messages before the first of `messages`. */
  hasOlder?: boolean;
  /** Loads the page before the first message and prepends it to `messages`. Called when the reader nears the top. */
  onLoadOlder?: () => Promise<void>;
  /** Keeps the scroll position across a reload under this key, in the tab's session storage. Pass the chat's id. */
  placeKey?: string;
  /** Opens at this message instead, for example at a search result. */
  openAt?: string | undefined;
  /** Whether this page sent the message, so that the list scrolls to the end. Without it every new prompt scrolls. */
  isOwn?: (messageId: string) => boolean;
  /** Shown instead of an empty list. */
  empty?: ReactNode;
  /**
   * Renders one message with what belongs to it: `<Message>` with its actions, an editor, a line before the next one.
   * Keep it stable (module level or `useCallback`), or every message renders again per token.
   */
  renderMessage: (message: UIMessage, isStreaming: boolean) => ReactNode;
  /** Shown after the last message: the turn status. */
  footer?: ReactNode;
};

/** How many pages to load in search of the reader's last message; beyond that, the list opens at the end. */
const SEARCHED_PAGES = 10;

/**
 * The conversation. Only a window of the messages is in the page, the newest at first. It moves with the reader, so a
 * chat of a thousand messages costs no more than what is on the screen.
 */
export function MessageList({
  messages,
  isStreaming = false,
  isLoading = false,
  hasOlder = false,
  onLoadOlder,
  placeKey,
  openAt,
  isOwn,
  empty,
  renderMessage,
  footer,
  className,
  ...props
}: MessageListProps) {
  const [shown, setShown] = useState<MessageWindow>({});
  const [from, to] = rangeOf(messages, shown);
  const older = useOlder(onLoadOlder);
  const canLoad = from > 0 || (hasOlder && onLoadOlder !== undefined);

  const showEarlier = (isAsked: boolean) => {
    if (from > 0) startTransition(() => setShown(growUp(messages, shown)));
    else if (hasOlder && (isAsked || !older.hasFailed)) older.load();
  };
  const { scroller, content, isAtEnd, scrollToEnd, goTo } = useScrollAnchor({
    shown: `${from} ${to} ${messages[from]?.id} ${messages[to - 1]?.id}`,
    reachesEnd: to === messages.length,
    placeKey,
    onNearTop: () => showEarlier(false),
    onNearEnd: () => startTransition(() => setShown(growDown(messages, shown))),
  });

  const focusRestore = useFocusRestore(scroller);

  const jumpToEnd = useCallback(() => {
    setShown({});
    scrollToEnd();
  }, [scrollToEnd]);

  // Sending scrolls to the end, so that people see what they sent. A branch switch isn't a send.
  const lastQuestion = messages.findLast((message) => message.role === "user")?.id;
  const before = useRef({ question: lastQuestion, last: messages.at(-1)?.id });
  useIsomorphicLayoutEffect(() => {
    const { question, last } = before.current;
    before.current = { question: lastQuestion, last: messages.at(-1)?.id };
    if (!lastQuestion || lastQuestion === question || isOwn?.(lastQuestion) === false) return;
    if (!last || messages.some(({ id }) => id === last)) jumpToEnd();
  }, [isOwn, lastQuestion, messages, jumpToEnd]);

  // Messages leave the window only while the reader is at the end, so that nothing in view disappears.
  const first = messages[from]?.id;
  useEffect(() => {
    // Runs in an effect, not while rendering: a scroll leaves the end, and the window must be the one that was on the
    // screen then.
    // oxlint-disable-next-line react/set-state-in-effect
    if (!isAtEnd && first) setShown((window) => (window.first ? window : { ...window, first }));
  }, [isAtEnd, first]);

  // A reader at the end doesn't need the beginning of a long conversation.
  const isLong = isAtEnd && to - from > MOST;
  useEffect(() => {
    if (isLong) startTransition(() => setShown({}));
  }, [isLong]);

  const leaveOff = useRef<ScrollAnchor | null>(null);
  const searched = useRef(0);
  useIsomorphicLayoutEffect(() => {
    leaveOff.current = openAt ? { id: openAt, top: 24 } : placeKey ? readAnchor(placeKey) : null;
    searched.current = 0;
  }, [openAt, placeKey]);
  useIsomorphicLayoutEffect(() => {
    const wanted = leaveOff.current;
    if (!wanted || messages.length === 0) return;
    if (messages.some(({ id }) => id === wanted.id)) {
      leaveOff.current = null;
      setShown(windowAround(messages, wanted.id));
      goTo(wanted);
    } else if (hasOlder && searched.current < SEARCHED_PAGES && !older.hasFailed) {
      if (older.load()) searched.current += 1;
    } else {
      leaveOff.current = null;
    }
  });

  const unseen = useUnseen(messages, isAtEnd);
  const isEmpty = messages.length === 0 && !isLoading;
  return (
    <div
      data-slot="message-list"
      className={cn("relative flex min-h-0 flex-1 flex-col", className)}
      {...props}
    >
      <div
        ref={scroller}
        data-slot="message-list-scroller"
        role="log"
        aria-label="Conversation"
        // Screen readers don't read the stream word by word: the turn status announces the end of an answer.
        aria-live="off"
        aria-busy={isStreaming || isLoading}
        // A scrolling box must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        {...focusRestore}
        // The column is reversed, so the server's HTML shows its end before any script runs. It is turned around on
        // mount.
        className="flex min-h-0 flex-1 flex-col-reverse overflow-x-hidden overflow-y-auto overscroll-contain px-4 -outline-offset-2 [overflow-anchor:none] data-ready:flex-col has-data-empty:flex-col sm:px-6"
      >
        <div
          ref={content}
          data-slot="message-list-content"
          data-empty={isEmpty || undefined}
          className={cn(
            "mx-auto mb-auto flex w-full max-w-[720px] flex-col gap-7 pt-5 pb-4 sm:pt-8",
            isEmpty && "flex-1",
          )}
        >
          {isLoading && messages.length === 0 ? <MessageListSkeleton /> : isEmpty ? empty : null}
          {canLoad && !isEmpty && (
            <EarlierMessages
              isLoading={older.isLoading}
              hasFailed={older.hasFailed}
              onLoad={() => showEarlier(true)}
            />
          )}
          {messages.slice(from, to).map((message, index) => (
            <MessageRow
              // The versions of a message share a key, so the arrows keep the focus during a switch.
              key={messages[from + index - 1]?.id ?? ""}
              message={message}
              isStreaming={
                isStreaming && from + index === messages.length - 1 && message.role === "assistant"
              }
              renderMessage={renderMessage}
            />
          ))}
          {footer && !isEmpty && (
            <div data-slot="message-list-footer" className="-mt-3">
              {footer}
            </div>
          )}
        </div>
      </div>
      {!isAtEnd && !isEmpty && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button
            data-slot="jump-to-latest"
            size="md"
            className="pointer-events-auto rounded-full shadow-card motion-safe:animate-fade"
            onClick={() => {
              jumpToEnd();
              scroller.current?.focus({ preventScroll: true });
            }}
          >
            <ArrowDown aria-hidden />
            Jump to latest
            {unseen > 0 && (
              <span data-slot="jump-to-latest-count" className="font-normal text-ink-2 tabular-nums">
                {unseen} new
              </span>
            )}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Allows one request for earlier messages at a time. */
function useOlder(onLoadOlder: MessageListProps["onLoadOlder"]) {
  const isBusy = useRef(false);
  const [state, setState] = useState<"idle" | "loading" | "failed">("idle");

  function load() {
    if (isBusy.current || !onLoadOlder) return false;
    isBusy.current = true;
    setState("loading");
    onLoadOlder()
      .then(
        () => setState("idle"),
        () => setState("failed"),
      )
      .finally(() => (isBusy.current = false));
    return true;
  }

  return { load, isLoading: state === "loading", hasFailed: state === "failed" };
}

/** How many messages arrived since the reader left the end. */
function useUnseen(messages: UIMessage[], isAtEnd: boolean) {
  const last = messages.at(-1)?.id;
  const [seen, setSeen] = useState(last);
  if (isAtEnd && seen !== last) setSeen(last);
  const at = messages.findLastIndex(({ id }) => id === seen);
  return at === -1 ? 0 : messages.length - 1 - at;
}

type RowProps = Pick<MessageListProps, "renderMessage"> & { message: UIMessage; isStreaming: boolean };

/** Memoized: while an answer streams, only the last message renders again. */
const MessageRow = memo(function MessageRow({ message, isStreaming, renderMessage }: RowProps) {
  return renderMessage(message, isStreaming);
});

function MessageListSkeleton({ className, ...props }: React.ComponentProps<"div">) {
  return (
    <div data-slot="message-list-skeleton" className={cn("flex flex-col gap-7", className)} {...props}>
      <output className="sr-only">Loading the conversation</output>
      <Skeleton className="h-11 w-3/5 self-end rounded-xl rounded-br-[4px]" />
      <div className="flex flex-col gap-3">
        <Skeleton className="h-3.5 w-11/12" />
        <Skeleton className="h-3.5 w-full" />
        <Skeleton className="h-3.5 w-2/3" />
      </div>
      <Skeleton className="h-11 w-2/5 self-end rounded-xl rounded-br-[4px]" />
      <div className="flex flex-col gap-3">
        <Skeleton className="h-3.5 w-full" />
        <Skeleton className="h-3.5 w-10/12" />
        <Skeleton className="h-10 w-full rounded-md" />
        <Skeleton className="h-3.5 w-1/2" />
      </div>
    </div>
  );
}
