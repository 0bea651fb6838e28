"use client";

import { type ComponentType, useEffect, useRef, useState } from "react";
import { Command, defaultFilter } from "cmdk";
import { Check, MessageSquareText, Search, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogClose, DialogContent } from "@/components/ui/dialog";
import { Keys } from "@/components/ui/keys";
import type { ChatSearchProps, ChatSearchResult } from "./chat-search";
import { Highlighted } from "./highlighted";
import { useModifierName } from "../shared/modifier-key";
import { useSearch } from "./use-search";

export type PaletteCommand = {
  /** Unique in the palette. */
  id: string;
  label: string;
  icon?: ComponentType<{ className?: string }>;
  /** Other words under which it is found. */
  keywords?: string[];
  /** The combination that does the same; `Mod` stands for ⌘ or Ctrl. */
  keys?: readonly string[];
  /** How things are now: the chat that is open, the theme that is chosen. */
  isCurrent?: boolean;
  onRun: () => void;
};

export type PaletteGroup = {
  heading: string;
  commands: PaletteCommand[];
  /** How many of them are offered before anything is typed. All, when it is absent. */
  offered?: number;
};

export type CommandPaletteProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** What can be done now, in the order in which it is offered before anything is typed. */
  groups: PaletteGroup[];
  /** Resolves with what was found in titles and messages. Without it chats cannot be searched from here. */
  onSearch?: ChatSearchProps["onSearch"];
  /** A result was chosen: go there. */
  onFollow?: (href: string) => void;
};

/** Everything that can be done, under one key. Load it lazily: it brings `cmdk` along. */
export function CommandPalette({ isOpen, onOpenChange, ...palette }: CommandPaletteProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        data-slot="command-palette"
        title="Command palette"
        isBare
        className="top-[min(14dvh,120px)] max-h-[min(480px,76dvh)] w-[min(600px,calc(100vw-24px))] -translate-x-1/2 translate-y-0 gap-0 overflow-hidden p-0"
      >
        {/* Mounted while it is open, so that each opening begins with nothing typed. */}
        <Palette {...palette} onClose={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type PaletteProps = Omit<CommandPaletteProps, "isOpen" | "onOpenChange"> & { onClose: () => void };

function Palette({ groups, onSearch, onFollow, onClose }: PaletteProps) {
  const [query, setQuery] = useState("");
  const [isSearching, setIsSearching] = useState(false);
  const [selected, setSelected] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const placeholder = isSearching ? "Search titles and messages" : "Type a command, or the name of a chat";

  function run(command: () => void) {
    onClose();
    command();
  }

  return (
    <Command
      label={placeholder}
      shouldFilter={false}
      value={selected}
      onValueChange={setSelected}
      loop
      vimBindings={false}
      className="flex min-h-0 flex-1 flex-col outline-none"
      onKeyDown={(event) => {
        if (event.key !== "Backspace" || query !== "" || !isSearching) return;
        event.preventDefault();
        setIsSearching(false);
      }}
    >
      <div className="flex items-center gap-2.5 border-b pr-2 pl-4">
        <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
        <Command.Input
          ref={input}
          value={query}
          maxLength={200}
          placeholder={placeholder}
          className="h-12 min-w-0 flex-1 bg-transparent text-base outline-none placeholder:text-ink-3 pointer-coarse:text-[16px]"
          onValueChange={setQuery}
        />
        <DialogClose asChild>
          <Button variant="ghost" size="icon" aria-label="Close">
            <X aria-hidden />
          </Button>
        </DialogClose>
      </div>
      {isSearching && onSearch ? (
        <Found
          query={query}
          onSearch={onSearch}
          onFollow={(href) => run(() => onFollow?.(href))}
          onSelect={setSelected}
        />
      ) : (
        <Commands
          groups={groups}
          query={query}
          onRun={(command) => run(command.onRun)}
          onSearch={
            onSearch &&
            ((words) => {
              setQuery(words);
              setIsSearching(true);
              input.current?.focus();
            })
          }
        />
      )}
    </Command>
  );
}

const SEARCH = "Search chats";
const RETRY = "try again";

type CommandsProps = {
  groups: PaletteGroup[];
  query: string;
  onRun: (command: PaletteCommand) => void;
  /** Goes on to the search for these words. */
  onSearch: ((words: string) => void) | undefined;
};

function Commands({ groups, query, onRun, onSearch }: CommandsProps) {
  const wanted = query.trim();
  const shown = wanted === "" ? offered(groups) : ranked(groups, wanted);
  const modifier = useModifierName();
  // Whoever types the name of the command has not said yet what to search for.
  const words = SEARCH.toLowerCase().startsWith(wanted.toLowerCase()) ? "" : wanted;
  return (
    <>
      <List label="Commands" isEmpty={shown.length === 0 && !onSearch}>
        {shown.map(({ heading, commands }) => (
          <Group key={heading} heading={heading}>
            {commands.map((command) => (
              <Item key={command.id} value={command.id} onSelect={() => onRun(command)}>
                {command.icon && <command.icon aria-hidden />}
                <span className="min-w-0 flex-1 truncate" dir="auto">
                  {command.label}
                </span>
                {command.isCurrent && (
                  <>
                    <Check aria-hidden className="text-kelp" />
                    <span className="sr-only">now</span>
                  </>
                )}
                {command.keys && (
                  <Keys
                    className="pointer-coarse:hidden"
                    keys={command.keys.map((key) => (key === "Mod" ? modifier : key))}
                  />
                )}
              </Item>
            ))}
          </Group>
        ))}
        {onSearch && (
          <Group heading="Search">
            <Item value="search chats" onSelect={() => onSearch(words)}>
              <MessageSquareText aria-hidden />
              <span className="min-w-0 flex-1 truncate">
                {words === "" ? SEARCH : `${SEARCH} for “${words}”`}
              </span>
            </Item>
          </Group>
        )}
      </List>
      <output className="sr-only">{wanted !== "" && counted(countOf(shown), "command")}</output>
      {shown.length === 0 && !onSearch && <Nothing>Nothing fits. Try another word.</Nothing>}
    </>
  );
}

type FoundProps = Required<Pick<CommandPaletteProps, "onSearch" | "onFollow">> & {
  query: string;
  onSelect: (key: string) => void;
};

function Found({ query, onSearch, onFollow, onSelect }: FoundProps) {
  const { answer, isCurrent, retry } = useSearch<ChatSearchResult>(query, onSearch);
  const isAsking = query.trim() !== "";
  const hasFailed = isAsking && answer?.results === "failed";
  const results = isAsking && answer && answer.results !== "failed" ? answer.results : [];
  // What was selected may have left with the last answer: Enter is for the first of this one.
  const first = hasFailed ? RETRY : (results[0]?.key ?? "");
  useEffect(() => onSelect(first), [answer, first, onSelect]);
  return (
    <>
      <List label="Found in chats" isEmpty={results.length === 0 && !hasFailed}>
        {hasFailed && (
          <Item value={RETRY} onSelect={retry}>
            The search could not be reached. Try again
          </Item>
        )}
        {results.map((result) => (
          <Item key={result.key} value={result.key} onSelect={() => onFollow(result.href)}>
            <MessageSquareText aria-hidden className="self-start" />
            <span className="flex min-w-0 flex-1 flex-col">
              <span className="truncate" dir="auto">
                <Highlighted text={result.title} />
              </span>
              {result.excerpt && (
                <span className="truncate text-xs text-ink-3" dir="auto">
                  <Highlighted text={result.excerpt} />
                </span>
              )}
            </span>
          </Item>
        ))}
      </List>
      <output className="sr-only">
        {isAsking && isCurrent && !hasFailed && counted(results.length, "result")}
      </output>
      {results.length === 0 && !hasFailed && (
        <Nothing>
          {!isAsking
            ? "Words from a title or a message. Backspace leads back to the commands."
            : isCurrent
              ? "No results. Try different words."
              : "Searching…"}
        </Nothing>
      )}
    </>
  );
}

function List({ label, isEmpty, children }: { label: string; isEmpty: boolean; children: React.ReactNode }) {
  return (
    <Command.List
      label={label}
      // A list box without options is no list box: it is there for the field that names it, and says nothing.
      hidden={isEmpty}
      className="min-h-0 flex-1 scroll-py-2 overflow-y-auto overscroll-contain p-2 outline-none"
    >
      {children}
    </Command.List>
  );
}

function Group({ heading, children }: { heading: string; children: React.ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3"
    >
      {children}
    </Command.Group>
  );
}

function Item(props: React.ComponentProps<typeof Command.Item>) {
  return (
    <Command.Item
      data-slot="command-palette-item"
      className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2 py-1.5 text-sm text-ink-2 select-none data-[selected=true]:bg-raised data-[selected=true]:text-ink pointer-coarse:min-h-11 [&>svg]:size-4 [&>svg]:shrink-0"
      {...props}
    />
  );
}

function Nothing({ children }: { children: React.ReactNode }) {
  return <p className="px-4 py-6 text-sm text-ink-2">{children}</p>;
}

function offered(groups: PaletteGroup[]): PaletteGroup[] {
  return groups
    .filter(({ commands }) => commands.length > 0)
    .map((group) => ({ ...group, commands: group.commands.slice(0, group.offered) }));
}

/** What fits, the best first: groups by their best command, and the commands in them. */
function ranked(groups: PaletteGroup[], query: string): PaletteGroup[] {
  return groups
    .map((group) => {
      const scored = group.commands
        .map((command) => ({ command, score: defaultFilter(command.label, query, command.keywords) }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score);
      return {
        best: scored[0]?.score ?? 0,
        heading: group.heading,
        commands: scored.map(({ command }) => command),
      };
    })
    .filter(({ best }) => best > 0)
    .toSorted((a, b) => b.best - a.best);
}

function countOf(groups: PaletteGroup[]): number {
  return groups.reduce((sum, { commands }) => sum + commands.length, 0);
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
