"use client";

import { lazy, memo, Suspense, useEffect, useRef, useState } from "react";
import { LoaderCircle, MoreHorizontal } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { untilLoaded } from "../shared/until-loaded";
import type { ChatRowActions, ChatShellChat, ChatShellLink } from "./types";

export const ROW =
  "flex h-9 w-full items-center gap-2.5 rounded-sm px-2 text-sm text-ink-2 hover:bg-raised aria-[current]:bg-raised aria-[current]:text-ink pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0";

const loadMenu = once(() => untilLoaded(() => import("./chat-row-menu")));
const ChatRowMenu = lazy(loadMenu);

export type ChatRowProps = ChatRowActions & {
  chat: ChatShellChat;
  isCurrent: boolean;
  LinkComponent: ChatShellLink;
  onNavigate?: () => void;
};

/** A chat in the list: its link, its marks, and a menu that is loaded when it is first opened. */
export const ChatRow = memo(function ChatRow({
  chat,
  isCurrent,
  LinkComponent: Link,
  onNavigate,
  ...actions
}: ChatRowProps) {
  const [isRenaming, setIsRenaming] = useState(false);
  const [isMenuWanted, setIsMenuWanted] = useState(false);
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const returnsFocus = useRef(false);

  useEffect(() => {
    if (isRenaming || !returnsFocus.current) return;
    returnsFocus.current = false;
    link.current?.focus();
  }, [isRenaming]);

  if (isRenaming && actions.onRename) {
    return (
      <RenameForm
        title={chat.title}
        onRename={(title) => actions.onRename!(chat.id, title)}
        onEnd={(byKeyboard) => {
          returnsFocus.current = byKeyboard;
          setIsRenaming(false);
        }}
      />
    );
  }

  function openMenu() {
    setIsMenuWanted(true);
    setIsMenuOpen(true);
  }

  const trigger = (
    <Button
      data-slot="chat-row-menu-trigger"
      variant="ghost"
      size="icon-sm"
      aria-label={`Actions for ${chat.title}`}
      aria-haspopup="menu"
      className="absolute top-1/2 right-1 -translate-y-1/2 bg-raised opacity-0 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:bg-transparent pointer-coarse:opacity-100"
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      {...(!isMenuWanted && {
        onClick: openMenu,
        onKeyDown: (event: React.KeyboardEvent) => {
          if (event.key === "ArrowDown") openMenu();
        },
      })}
    >
      <MoreHorizontal aria-hidden />
    </Button>
  );
  const hasMenu = Object.values(actions).some((action) => action !== undefined);
  return (
    <div data-slot="chat-row" className="group relative">
      <Link
        ref={link}
        href={chat.href}
        className={cn(
          ROW,
          chat.isUnread && "font-medium text-ink",
          hasMenu && "group-focus-within:pr-9 group-hover:pr-9 pointer-coarse:pr-12",
        )}
        aria-current={isCurrent ? "page" : undefined}
        title={chat.title}
        onClick={onNavigate}
      >
        <span className="min-w-0 flex-1 truncate" dir="auto">
          {chat.title}
        </span>
        <Mark {...chat} />
      </Link>
      {hasMenu &&
        (isMenuWanted ? (
          <Suspense fallback={trigger}>
            <ChatRowMenu
              {...actions}
              chat={chat}
              isOpen={isMenuOpen}
              onOpenChange={setIsMenuOpen}
              onRenameStart={() => setIsRenaming(true)}
            >
              {trigger}
            </ChatRowMenu>
          </Suspense>
        ) : (
          trigger
        ))}
    </div>
  );
});

/** Shows only the most important mark. */
function Mark({ isWaiting, isRunning, isUnread }: ChatShellChat) {
  if (isWaiting) {
    return (
      <span className="shrink-0 rounded-full border border-amber-line bg-amber-soft px-1.5 text-2xs font-medium text-amber-ink">
        Waiting<span className="sr-only"> for you</span>
      </span>
    );
  }
  if (isRunning) {
    return (
      <span className="shrink-0 text-ink-3">
        <LoaderCircle aria-hidden className="size-3.5! motion-safe:animate-spin" />
        <span className="sr-only">Answering</span>
      </span>
    );
  }
  if (isUnread) {
    return (
      <span className="size-[7px] shrink-0 rounded-full bg-kelp">
        <span className="sr-only">New answer</span>
      </span>
    );
  }
  return null;
}

type RenameFormProps = {
  title: string;
  onRename: (title: string) => Promise<void>;
  onEnd: (byKeyboard: boolean) => void;
};

/** Enter and blur save, Escape cancels. A refused title stays in the field, with the reason. */
function RenameForm({ title, onRename, onEnd }: RenameFormProps) {
  const [text, setText] = useState(title);
  const [problem, setProblem] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);

  // The closing menu first returns the focus to its trigger, which is no longer there.
  useEffect(() => {
    const frame = requestAnimationFrame(() => input.current?.select());
    return () => cancelAnimationFrame(frame);
  }, []);

  async function save(byKeyboard: boolean) {
    if (isOver.current) return;
    isOver.current = true;
    const next = text.trim();
    if (next === "" || next === title) return onEnd(byKeyboard);
    try {
      await onRename(next);
      onEnd(byKeyboard);
    } catch (error) {
      isOver.current = false;
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <form
      data-slot="chat-rename"
      onSubmit={(event) => {
        event.preventDefault();
        void save(true);
      }}
    >
      <input
        ref={input}
        value={text}
        maxLength={120}
        aria-label="Chat title"
        aria-invalid={problem !== null}
        aria-describedby={problem ? "chat-rename-problem" : undefined}
        className="h-9 w-full rounded-sm border border-line-strong bg-surface px-2 text-sm text-ink pointer-coarse:h-11 pointer-coarse:text-base"
        onChange={(event) => setText(event.target.value)}
        onBlur={() => void save(false)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          isOver.current = true;
          onEnd(true);
        }}
      />
      {problem && (
        <p id="chat-rename-problem" role="alert" className="px-2 py-1 text-xs text-red">
          {problem}
        </p>
      )}
    </form>
  );
}

/** Loads the menu's script once, however often the pointer passes. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => (loading ??= load());
}
