"use client";

import { type ReactNode, useEffect, useEffectEvent, useId, useLayoutEffect, useRef } from "react";
import { Hand } from "lucide-react";
import { cn } from "@/lib/utils";
import { requestKey, type HumanRequestView, type SettledView } from "./request";
import { LocalTime } from "../shared/local-time";
import { forgetRequestDrafts } from "./request-drafts";
import type { DecisionState } from "./use-decision";

export type RequestFrameProps = Omit<React.ComponentProps<"article">, "children"> & {
  request: HumanRequestView;
  decision: DecisionState;
  /** Replaces the content once the request is decided. */
  settled?: SettledView | undefined;
  /** The content while the request is pending. Its last element is the row of buttons. */
  children: ReactNode;
};

const useIsomorphicLayoutEffect = typeof window === "undefined" ? useEffect : useLayoutEffect;

/** The frame of every request card: header, content and, once decided, the result. */
export function RequestFrame({
  request,
  decision,
  settled,
  children,
  className,
  ...props
}: RequestFrameProps) {
  const card = useRef<HTMLElement>(null);
  const titleId = useId();
  const isPending = request.state === "pending";
  const Icon = settled?.icon ?? Hand;
  useSettling(card, request, decision.phase !== "open");

  return (
    <article
      ref={card}
      data-slot="request-card"
      data-request={requestKey(request)}
      data-kind={request.kind}
      data-state={request.state}
      aria-labelledby={titleId}
      tabIndex={-1}
      className={cn(
        "flex w-full flex-col overflow-clip rounded-lg border bg-surface scroll-mt-6 scroll-mb-6 focus-visible:rounded-lg",
        "duration-300 motion-safe:transition-[min-height]",
        "[body:has([data-slot=request-card][data-state=pending])_&]:min-h-(--held-height,0)",
        isPending && "border-amber-line bg-linear-to-b from-amber-soft to-surface to-[64px] shadow-card",
        request.state === "unknown-outcome" && "border-red-line",
        className,
      )}
      {...props}
    >
      <header data-slot="request-header" className="flex items-start gap-2.5 px-4 pt-3.5">
        <Icon aria-hidden className={cn("mt-1 size-4 shrink-0", settled?.tone ?? "text-amber")} />
        <h2 id={titleId} className="min-w-0 flex-1 font-[550] wrap-anywhere" dir="auto">
          {request.title}
        </h2>
        <span className="shrink-0 pt-0.5 text-xs text-ink-3 tabular-nums">
          {isPending && decision.phase === "sent" ? (
            // Replaces the time, so that the card's height doesn't change while someone is about to press a button.
            <output>
              Saved<span className="sr-only">. The agent will continue.</span>
            </output>
          ) : isPending ? (
            <>
              Waiting since <LocalTime at={request.createdAt} />
            </>
          ) : (
            settled?.label
          )}
        </span>
      </header>
      <div data-slot="request-body" className="flex flex-1 flex-col gap-3 px-4 pt-1 pb-4">
        {(request.why || (isPending && request.expiresAt)) && (
          <p className="pl-[26px] text-sm wrap-anywhere text-ink-2" dir="auto">
            {request.why}
            {isPending && request.expiresAt && (
              <span className="text-ink-3">
                {request.why && " "}Expires <LocalTime at={request.expiresAt} />.
              </span>
            )}
          </p>
        )}
        {isPending ? children : settled?.content}
        {decision.error && (
          <p role="alert" data-slot="request-error" className="text-[13px] wrap-anywhere text-red">
            {isPending ? "Couldn't save. Your input is still here." : "Someone answered before you."}{" "}
            {decision.error}
          </p>
        )}
      </div>
    </article>
  );
}

/**
 * The form around a card's buttons. React replays presses from before hydration for a button's `formAction` and for the
 * form's `action`.
 */
export function RequestForm(props: React.ComponentProps<"form">) {
  // React resets a form after its action. Here the card resets its own fields.
  return <form noValidate onReset={(event) => event.preventDefault()} {...props} />;
}

/** The row of buttons at the end of a card. */
export function RequestActions({ className, ...props }: React.ComponentProps<"div">) {
  return (
    <div
      data-slot="request-actions"
      className={cn("mt-auto flex flex-wrap items-center gap-2", className)}
      {...props}
    />
  );
}

/**
 * While any card is pending, a decided card keeps its height, so that no button moves while someone is about to press
 * it. The focus stays in the card that was just decided.
 */
function useSettling(
  card: React.RefObject<HTMLElement | null>,
  request: HumanRequestView,
  isDecidedHere: boolean,
) {
  const { state } = request;
  const forget = useEffectEvent(() => forgetRequestDrafts(request));
  useEffect(() => {
    if (state !== "pending") forget();
  }, [state]);

  const isHeld = state !== "pending" || isDecidedHere;
  const openHeight = useRef<number | null>(null);
  useIsomorphicLayoutEffect(() => {
    const element = card.current;
    if (!element) return undefined;
    const height = isHeld ? openHeight.current : null;
    const letGo = () => element.style.removeProperty("--held-height");
    if (height === null) letGo();
    else holdHeight(element, height);
    const observer = new ResizeObserver(() => {
      if (height === null) openHeight.current = element.offsetHeight;
      // No card is pending. Release the height, so that it doesn't grow again with the next request.
      else if (element.offsetHeight < height) letGo();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [card, isHeld]);

  const wasPending = useRef(false);
  useIsomorphicLayoutEffect(() => {
    const element = card.current;
    const hasSettled = wasPending.current && state !== "pending";
    wasPending.current = state === "pending";
    if (!element || !hasSettled || !isDecidedHere) return;
    const { activeElement } = document;
    const isFocusLost = activeElement === document.body || element.contains(activeElement);
    if (isFocusLost) element.focus({ preventScroll: true });
    // Runs only when the request settles.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [state]);
}

/** Sets the height without a transition: a transition is only for releasing it, when no card is pending. */
function holdHeight(element: HTMLElement, height: number) {
  const { style } = element;
  style.setProperty("--held-height", `${height}px`);
  style.minHeight = `${height}px`;
  style.transitionProperty = "none";
  void element.offsetHeight;
  style.minHeight = "";
  style.transitionProperty = "";
}
