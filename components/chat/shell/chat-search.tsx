"use client";

import { type ReactNode, type RefObject, useRef, useState } from "react";
import { Search, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import type { ChatShellLink } from "./types";
import { Highlighted, type HighlightedText } from "./highlighted";
import { type SearchAnswer, useSearch } from "./use-search";

export type ChatSearchResult = {
  key: string;
  /** The chat, or the message, of the match. */
  href: string;
  title: HighlightedText;
  /** The text around the match, if it is in a message. */
  excerpt?: HighlightedText;
};

export type ChatSearchProps = {
  onSearch: (query: string) => Promise<ChatSearchResult[]>;
  LinkComponent: ChatShellLink;
  onNavigate?: () => void;
  inputRef?: RefObject<HTMLInputElement | null>;
  /** Shown while the box is empty: the list of chats. */
  children: ReactNode;
};

type Answer = SearchAnswer<ChatSearchResult>;

/**
 * A search box whose results replace the content below it. Arrow keys move through the results, Escape clears the
 * search.
 */
export function ChatSearch({
  onSearch,
  LinkComponent: Link,
  onNavigate,
  inputRef,
  children,
}: ChatSearchProps) {
  const [query, setQuery] = useState("");
  const ownInput = useRef<HTMLInputElement>(null);
  const input = inputRef ?? ownInput;
  const box = useRef<HTMLDivElement>(null);

  const { answer, isCurrent, retry, forget } = useSearch(query, onSearch);

  function end() {
    setQuery("");
    forget();
    input.current?.focus();
  }

  /** Moves the focus between the box and the results. */
  function onKeyDown(event: React.KeyboardEvent) {
    if (event.key === "Escape" && query !== "") {
      event.stopPropagation();
      event.preventDefault();
      return end();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [input.current, ...(box.current?.querySelectorAll<HTMLElement>("[data-result]") ?? [])];
    const at = stops.indexOf(document.activeElement as HTMLInputElement);
    const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  const isAsking = query.trim() !== "";
  return (
    // It only handles keys that bubble up from its box and results.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={box} data-slot="chat-search" onKeyDown={onKeyDown}>
      <search aria-label="Search chats" className="relative my-1 flex items-center">
        <Search aria-hidden className="pointer-events-none absolute left-2 size-4 text-ink-3" />
        <input
          ref={input}
          type="search"
          value={query}
          maxLength={200}
          placeholder="Search"
          aria-label="Search chats"
          autoComplete="off"
          className="h-9 w-full appearance-none rounded-sm border bg-surface pr-8 pl-[34px] text-sm text-ink placeholder:text-ink-3 pointer-coarse:h-11 pointer-coarse:text-base [&::-webkit-search-cancel-button]:hidden"
          onChange={(event) => setQuery(event.target.value)}
        />
        {query !== "" && (
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label="Clear search"
            className="absolute right-1 pointer-coarse:right-0"
            onClick={end}
          >
            <X aria-hidden />
          </Button>
        )}
      </search>
      {isAsking ? (
        <Results
          answer={answer}
          isCurrent={isCurrent}
          LinkComponent={Link}
          onNavigate={onNavigate}
          onRetry={retry}
        />
      ) : (
        children
      )}
      <output className="sr-only">{isAsking && answer && isCurrent && countOf(answer)}</output>
    </div>
  );
}

function countOf({ results }: Answer): string {
  if (results === "failed") return "The search failed";
  return results.length === 1 ? "1 result" : `${results.length} results`;
}

type ResultsProps = Pick<ChatSearchProps, "LinkComponent" | "onNavigate"> & {
  answer: Answer | null;
  isCurrent: boolean;
  onRetry: () => void;
};

function Results({ answer, isCurrent, LinkComponent: Link, onNavigate, onRetry }: ResultsProps) {
  if (!answer) {
    return (
      <div className="flex flex-col gap-4 px-2 pt-4">
        <Skeleton className="h-3.5 w-3/4" />
        <Skeleton className="h-3.5 w-11/12" />
      </div>
    );
  }
  if (answer.results === "failed") {
    return (
      <div className="flex flex-col items-start gap-2 px-2 pt-3 text-sm text-ink-2">
        Couldn't search.
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  if (answer.results.length === 0) {
    return (
      <p className="px-2 pt-3 text-sm text-ink-2">
        {isCurrent ? "No results. Try different words." : "Searching…"}
      </p>
    );
  }
  return (
    <ul aria-label="Search results" aria-busy={!isCurrent} className="flex flex-col gap-0.5 pt-2">
      {answer.results.map((result) => (
        <li key={result.key}>
          <Link
            href={result.href}
            data-result
            data-slot="chat-search-result"
            className="flex flex-col gap-0.5 rounded-sm px-2 py-1.5 text-sm text-ink-2 hover:bg-raised pointer-coarse:min-h-11"
            onClick={onNavigate}
          >
            <span className="truncate text-ink" dir="auto">
              <Highlighted text={result.title} />
            </span>
            {result.excerpt && (
              <span className="line-clamp-2 text-xs wrap-anywhere text-ink-3" dir="auto">
                <Highlighted text={result.excerpt} />
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  );
}
