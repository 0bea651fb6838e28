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
  /** Other words that find it. */
  keywords?: string[];
  /** The shortcut for the same command; `Mod` stands for ⌘ or Ctrl. */
  keys?: readonly string[];
  /** The current choice: the open chat, the chosen theme. */
  isCurrent?: boolean;
  onRun: () => void;
};

export type PaletteGroup = {
  heading: string;
  commands: PaletteCommand[];
  /** How many are shown before anything is typed. Default: all. */
  offered?: number;
};

export type CommandPaletteProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** The available commands, in the order shown before anything is typed. */
  groups: PaletteGroup[];
  /** Resolves with matches in titles and messages. Without it the palette can't search chats. */
  onSearch?: ChatSearchProps["onSearch"];
  /** Called with the chosen result, to open it. */
  onFollow?: (href: string) => void;
};

/** The command palette. Load it lazily: it includes `cmdk`. */
export function CommandPalette({ isOpen, onOpenChange, ...palette }: CommandPaletteProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        data-slot="command-palette"
        title="Command palette"
        isBare
        className="top-[min(14dvh,120px)] max-h-[min(480px,76dvh)] w-[min(600px,calc(100vw-24px))] -translate-x-1/2 translate-y-0 gap-0 overflow-hidden p-0"
      >
        {/* Mounted while open, so that it always opens with an empty field. */}
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
  const placeholder = isSearching ? "Search titles and messages" : "Type a command or a chat's name";

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
  /** Searches the chats for the typed words. */
  onSearch: ((words: string) => void) | undefined;
};

function Commands({ groups, query, onRun, onSearch }: CommandsProps) {
  const wanted = query.trim();
  const shown = wanted === "" ? offered(groups) : ranked(groups, wanted);
  const modifier = useModifierName();
  // The query is still the command's own name, so there is nothing to search for yet.
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
                    <span className="sr-only">current</span>
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
      {shown.length === 0 && !onSearch && <Nothing>No matching commands. Try different words.</Nothing>}
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
  // New results may not contain the selected one: Enter then opens the first.
  const first = hasFailed ? RETRY : (results[0]?.key ?? "");
  useEffect(() => onSelect(first), [answer, first, onSelect]);
  return (
    <>
      <List label="Found in chats" isEmpty={results.length === 0 && !hasFailed}>
        {hasFailed && (
          <Item value={RETRY} onSelect={retry}>
            Couldn't search. Try again
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
            ? "Search titles and messages. Backspace returns to the commands."
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
      // The field needs a list box to refer to, even an empty one, which isn't announced.
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

/** The matches, best first: groups by their best command, and the commands within them. */
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
