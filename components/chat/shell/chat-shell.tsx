"use client";

import { type ReactNode, useRef, useState } from "react";
import { Menu } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Sheet, SheetContent, SheetTrigger } from "@/components/ui/sheet";
import { cn } from "@/lib/utils";
import { ChatRail, ChatSidebar, type ChatSidebarProps } from "./chat-sidebar";
import { useFocusRestore } from "../shared/use-focus-restore";

export type ChatShellProps = Omit<React.ComponentProps<"div">, "title"> &
  ChatSidebarProps & {
    title: string;
    /** Whether the sidebar is collapsed to a rail, on wide screens. Store it for the next visit. */
    isCollapsed?: boolean;
    /** Without it the sidebar can't be collapsed. */
    onCollapsedChange?: (isCollapsed: boolean) => void;
    /** Beside the title: chips. */
    headerStart?: ReactNode;
    /** At the right end of the header. */
    headerEnd?: ReactNode;
    /** The page has its own `main`, so the shell adds none. */
    isEmbedded?: boolean;
  };

export function ChatShell({
  chats,
  currentId,
  newChatHref,
  inbox,
  user,
  LinkComponent,
  now,
  footer,
  actions,
  onSearch,
  view,
  onViewChange,
  onLoadMore,
  title,
  isCollapsed = false,
  onCollapsedChange,
  headerStart,
  headerEnd,
  isEmbedded = false,
  className,
  children,
  ...props
}: ChatShellProps) {
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  /** Moves the focus when the sidebar and the rail replace each other, because the focused element is gone. */
  const [focus, setFocus] = useState<"toggle" | "search" | null>(null);
  const links = { newChatHref, inbox, user, LinkComponent, onSearch };
  const list = { chats, currentId, now, footer, actions, view, onViewChange, onLoadMore };
  const sidebar = { ...links, ...list };
  const Side = isEmbedded ? "div" : "aside";
  const Main = isEmbedded ? "div" : "main";
  return (
    <div
      data-slot="chat-shell"
      className={cn(
        "grid h-dvh grid-rows-[100%] bg-surface",
        isCollapsed ? "md:grid-cols-[56px_minmax(0,1fr)]" : "md:grid-cols-[272px_minmax(0,1fr)]",
        className,
      )}
      {...props}
    >
      <a
        href="#conversation"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-sm focus:bg-surface focus:px-3 focus:py-2 focus:text-sm focus:shadow-card"
      >
        Skip to the conversation
      </a>
      <Side data-slot="chat-shell-sidebar" className="hidden min-h-0 flex-col border-r bg-bg md:flex">
        {isCollapsed ? (
          <ChatRail
            {...links}
            focus={focus}
            onExpand={(next) => {
              setFocus(next);
              onCollapsedChange?.(false);
            }}
          />
        ) : (
          <ChatSidebar
            {...sidebar}
            focus={focus}
            onCollapse={
              onCollapsedChange &&
              (() => {
                setFocus("toggle");
                onCollapsedChange(true);
              })
            }
          />
        )}
      </Side>
      <Main id="conversation" tabIndex={-1} className="relative flex min-h-0 min-w-0 flex-col outline-none">
        <header
          data-slot="chat-shell-header"
          className="flex h-[52px] shrink-0 items-center gap-2 border-b px-3 text-sm md:px-4"
        >
          <Sheet open={isDrawerOpen} onOpenChange={setIsDrawerOpen}>
            <SheetTrigger asChild>
              <Button variant="ghost" size="icon" aria-label="Chats" className="md:hidden">
                <Menu aria-hidden />
              </Button>
            </SheetTrigger>
            <SheetContent title="Chats">
              <ChatSidebar {...sidebar} onNavigate={() => setIsDrawerOpen(false)} />
            </SheetContent>
          </Sheet>
          <h1 className="min-w-0 truncate font-[550] tracking-[-0.005em]">{title}</h1>
          {headerStart}
          <div className="ml-auto flex shrink-0 items-center gap-1.5">{headerEnd}</div>
        </header>
        {children}
      </Main>
    </div>
  );
}

/** The lower edge of the conversation. Its content fades over the list and has the width of the reading column. */
export function ChatDock({ className, children, ...props }: React.ComponentProps<"div">) {
  const dock = useRef<HTMLDivElement>(null);
  // Sending the last queued message removes the queue, and its focused button.
  const focusRestore = useFocusRestore(dock, "[data-slot=composer-input]");
  return (
    <div
      ref={dock}
      data-slot="chat-dock"
      className={cn(
        "relative shrink-0 px-3 pt-1 pb-[max(14px,env(safe-area-inset-bottom))] before:pointer-events-none before:absolute before:inset-x-0 before:bottom-full before:h-5 before:bg-linear-to-t before:from-surface before:to-transparent sm:px-6 sm:pb-4",
        className,
      )}
      {...focusRestore}
      {...props}
    >
      <div className="mx-auto w-full max-w-[720px]">{children}</div>
    </div>
  );
}

/** A short fact about the chat, in the header. */
export function ChatChip({
  tone = "plain",
  className,
  ...props
}: React.ComponentProps<"span"> & { tone?: "plain" | "good" | "waiting" }) {
  return (
    <span
      data-slot="chat-chip"
      className={cn(
        "inline-flex h-[26px] items-center gap-1.5 rounded-full border px-2.5 text-xs whitespace-nowrap text-ink-2 [&_svg]:size-3.5",
        tone === "good" && "border-kelp-line bg-kelp-soft text-kelp",
        tone === "waiting" && "border-amber-line bg-amber-soft text-amber-ink",
        className,
      )}
      {...props}
    />
  );
}
