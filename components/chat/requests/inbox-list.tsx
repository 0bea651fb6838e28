"use client";

import { type ComponentType, useEffect, useEffectEvent, useRef, useState } from "react";
import { Inbox } from "lucide-react";
import { Button } from "@/components/ui/button";
import { isTyping } from "../shared/is-typing";
import { requestKey, type Decision, type HumanRequestView, type RequestKind } from "./request";
import { RequestCard } from "./request-card";

export type InboxListProps = {
  /** Pending requests, and those decided while the list was open: an answered card stays in its place. */
  requests: HumanRequestView[];
  onDecide: (request: HumanRequestView, decision: Decision) => Promise<void>;
  /** Link to the request in its chat. */
  hrefOf: (request: HumanRequestView) => string;
  /** `next/link`, or any component with the props of `<a>`. */
  LinkComponent?: ComponentType<React.ComponentProps<"a"> & { href: string }>;
  /** Whether j, k and Enter work wherever the focus is, or only inside the list. */
  keys?: "page" | "within";
};

const FILTERS: Array<{ label: string; kinds: RequestKind[] | null }> = [
  { label: "All", kinds: null },
  { label: "Questions", kinds: ["question"] },
  { label: "Approvals", kinds: ["approval", "confirm"] },
  { label: "Forms", kinds: ["form"] },
];

const CARD = "[data-slot=request-card]";

/** All pending requests, grouped by chat and answered in place. */
export function InboxList({
  requests,
  onDecide,
  hrefOf,
  LinkComponent: Link = PlainLink,
  keys = "within",
}: InboxListProps) {
  const [filter, setFilter] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  const kinds = FILTERS[filter]?.kinds ?? null;
  const shown = kinds ? requests.filter(({ kind }) => kinds.includes(kind)) : requests;
  const waiting = requests.filter(({ state }) => state === "pending").length;

  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("[role=dialog]")) return;
    const cards = [...(root.current?.querySelectorAll<HTMLElement>(CARD) ?? [])];
    const at = cards.findIndex((card) => card.contains(document.activeElement));
    if (event.key === "j" || event.key === "k") {
      const next = at === -1 ? 0 : at + (event.key === "j" ? 1 : -1);
      const card = cards[Math.min(Math.max(next, 0), cards.length - 1)];
      event.preventDefault();
      card?.focus();
      card?.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter" && at >= 0 && cards[at] === document.activeElement) {
      event.preventDefault();
      cards[at]?.querySelector<HTMLElement>("input, textarea, select, button")?.focus();
    }
  });
  useEffect(() => {
    const target = keys === "page" ? document : root.current;
    const listener = (event: Event) => onKeyDown(event as KeyboardEvent);
    target?.addEventListener("keydown", listener);
    return () => target?.removeEventListener("keydown", listener);
  }, [keys]);

  return (
    <div ref={root} data-slot="inbox-list" className="flex flex-col gap-6">
      <div className="flex flex-wrap items-center gap-1">
        {FILTERS.map(({ label, kinds: only }, index) => {
          const count = requests.filter(
            ({ kind, state }) => state === "pending" && (!only || only.includes(kind)),
          ).length;
          return (
            <Button
              key={label}
              size="sm"
              variant="ghost"
              aria-pressed={index === filter}
              className="aria-pressed:bg-raised aria-pressed:text-ink"
              onClick={() => setFilter(index)}
            >
              {label} <span className="text-ink-3 tabular-nums">{count}</span>
            </Button>
          );
        })}
        <span aria-hidden className="ml-auto text-xs text-ink-3 max-sm:hidden pointer-coarse:hidden">
          <kbd>j</kbd> <kbd>k</kbd> next and previous · <kbd>Enter</kbd> answer
        </span>
      </div>
      <output className="sr-only">
        {waiting === 0 ? "You're all caught up." : `${waiting} waiting for you.`}
      </output>
      {shown.length === 0 ? (
        <div data-slot="inbox-empty" className="flex flex-col items-center gap-2 py-16 text-center">
          <Inbox aria-hidden className="size-6 text-ink-3" />
          <p className="font-medium">You're all caught up</p>
          <p className="max-w-80 text-sm text-ink-2">
            {requests.length > 0
              ? "No pending requests of this type. Choose All to see the others."
              : "Questions and approvals from all your chats appear here."}
          </p>
        </div>
      ) : (
        groupByChat(shown).map(({ chatId, title, items }) => (
          <div
            key={chatId}
            data-slot="inbox-group"
            // Not a landmark: there may be many, and two chats may have the same title.
            // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
            role="group"
            aria-label={title}
            className="flex flex-col gap-3"
          >
            <h2 className="truncate text-sm font-medium text-ink-2" dir="auto">
              {title}
            </h2>
            {items.map((request) => (
              <div key={requestKey(request)} className="flex flex-col gap-1">
                <RequestCard request={request} onDecide={(decision) => onDecide(request, decision)} />
                <p className="px-1 text-xs text-ink-3">
                  <Link
                    href={hrefOf(request)}
                    className="inline-flex items-center underline underline-offset-3 hover:text-ink pointer-coarse:min-h-11"
                  >
                    Open in the chat<span className="sr-only">: {request.title}</span>
                  </Link>
                  {request.onOtherBranch && " · asked in another version of this chat"}
                </p>
              </div>
            ))}
          </div>
        ))
      )}
    </div>
  );
}

function groupByChat(requests: HumanRequestView[]) {
  const groups = new Map<string, { chatId: string; title: string; items: HumanRequestView[] }>();
  for (const request of requests) {
    const group = groups.get(request.chatId);
    if (group) group.items.push(request);
    else
      groups.set(request.chatId, {
        chatId: request.chatId,
        title: request.chatTitle ?? "New chat",
        items: [request],
      });
  }
  return [...groups.values()];
}

function PlainLink({ children, ...props }: React.ComponentProps<"a"> & { href: string }) {
  return <a {...props}>{children}</a>;
}
