"use client";

import { type ReactNode, memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { UIMessage } from "ai";
import { ArrowDown } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/utils";
import { Message, type MessageProps } from "./message";

export type MessageListProps = Omit<React.ComponentProps<"div">, "children"> &
  Pick<MessageProps, "renderData"> & {
    messages: UIMessage[];
    /** The last message is being written right now. */
    isStreaming?: boolean;
    /** The transcript is still on its way: skeletons in the shape of messages. */
    isLoading?: boolean;
    /** Shown instead of the list while there is no message. */
    empty?: ReactNode;
    /** The row of buttons under a message; null keeps its height free. Keep it stable (module level or `useCallback`), or every message renders again per token. */
    renderActions?: (message: UIMessage, isStreaming: boolean) => ReactNode;
    /** The editor that takes a message's place, or nothing. Keep it stable too. */
    renderEditor?: (message: UIMessage) => ReactNode;
    /** A line between a message and the next. Keep it stable too. */
    renderNotice?: (message: UIMessage) => ReactNode;
    /** Follows the last message: the turn status. */
    footer?: ReactNode;
  };

/** How near the end still counts as "at the end". */
const NEAR = 32;

const useIsomorphicLayoutEffect = typeof window === "undefined" ? useEffect : useLayoutEffect;

export function MessageList({
  messages,
  isStreaming = false,
  isLoading = false,
  empty,
  renderActions,
  renderEditor,
  renderNotice,
  renderData,
  footer,
  className,
  ...props
}: MessageListProps) {
  const { scroller, content, isAtEnd, scrollToEnd } = useStickToEnd();

  // Whoever sends wants to see what they sent, wherever they had scrolled to.
  const lastQuestion = messages.findLast((message) => message.role === "user")?.id;
  const seenQuestion = useRef(lastQuestion);
  useIsomorphicLayoutEffect(() => {
    if (lastQuestion && lastQuestion !== seenQuestion.current) scrollToEnd();
    seenQuestion.current = lastQuestion;
  }, [lastQuestion, scrollToEnd]);

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
        // Not spoken word by word as it streams: the turn status says when an answer ends.
        aria-live="off"
        aria-busy={isStreaming || isLoading}
        // A box that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        // Reversed, the server's HTML already stands at its end before any script runs; turned round on mount.
        className="flex min-h-0 flex-1 flex-col-reverse overflow-x-hidden overflow-y-auto overscroll-contain px-4 -outline-offset-2 data-ready:flex-col has-data-empty:flex-col sm:px-6"
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
          {messages.map((message, index) => (
            <MessageRow
              key={message.id}
              message={message}
              isStreaming={isStreaming && index === messages.length - 1 && message.role === "assistant"}
              renderActions={renderActions}
              renderEditor={renderEditor}
              renderNotice={renderNotice}
              renderData={renderData}
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
              scrollToEnd();
              scroller.current?.focus({ preventScroll: true });
            }}
          >
            <ArrowDown aria-hidden />
            Jump to latest
          </Button>
        </div>
      )}
    </div>
  );
}

type RowProps = Required<Pick<MessageProps, "message" | "isStreaming">> &
  Pick<MessageListProps, "renderActions" | "renderEditor" | "renderNotice" | "renderData">;

const MessageRow = memo(function MessageRow({
  message,
  isStreaming,
  renderActions,
  renderEditor,
  renderNotice,
  renderData,
}: RowProps) {
  return (
    <>
      <Message
        message={message}
        isStreaming={isStreaming}
        actions={renderActions?.(message, isStreaming)}
        editor={renderEditor?.(message)}
        renderData={renderData}
      />
      {renderNotice?.(message)}
    </>
  );
});

/** Keeps the scroller at its end while content grows, until the reader moves away from it. */
function useStickToEnd() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isStuck = useRef(true);
  const [isAtEnd, setIsAtEnd] = useState(true);

  const scrollToEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    isStuck.current = true;
    element.scrollTop = element.scrollHeight;
    setIsAtEnd(true);
  }, []);

  useIsomorphicLayoutEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) return;

    if (inner.dataset.empty === undefined) {
      // From reversed (scrollTop counts up to 0) to ordinary, at the very place where the reader is.
      const fromEnd = -element.scrollTop;
      element.dataset.ready = "";
      element.scrollTop = element.scrollHeight - element.clientHeight - fromEnd;
      isStuck.current = fromEnd < NEAR;
    } else {
      // What stands there instead of messages is read from its top.
      element.dataset.ready = "";
    }
    setIsAtEnd(isStuck.current);

    let lastTop = element.scrollTop;
    const onScroll = () => {
      const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
      const movedUp = element.scrollTop < lastTop;
      lastTop = element.scrollTop;
      if (movedUp && distance > 4) isStuck.current = false;
      else if (distance < NEAR) isStuck.current = true;
      setIsAtEnd(isStuck.current || distance < NEAR);
    };
    const onResize = () => {
      if (isStuck.current && inner.dataset.empty === undefined) element.scrollTop = element.scrollHeight;
      else setIsAtEnd(element.scrollHeight - element.clientHeight - element.scrollTop < NEAR);
      lastTop = element.scrollTop;
    };
    const observer = new ResizeObserver(onResize);
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
      delete element.dataset.ready;
    };
  }, []);

  return { scroller, content, isAtEnd, scrollToEnd };
}

export function MessageListSkeleton({ className, ...props }: React.ComponentProps<"div">) {
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
