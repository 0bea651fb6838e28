"use client";

import Link from "next/link";
import { MessageList } from "@/components/chat/message-list";
import { buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import type { ChatMessage } from "@/lib/chat/message";

export type SharedConversationProps = { title: string; note: string; messages: ChatMessage[] };

/** The kit's message list without anything to press that would change the conversation. */
export function SharedConversation({ title, note, messages }: SharedConversationProps) {
  return (
    <main className="flex h-dvh min-w-0 flex-col bg-surface">
      <header className="flex min-h-[52px] shrink-0 items-center gap-2.5 border-b px-3 py-1.5 md:px-5">
        <Frond />
        <div className="min-w-0 flex-1">
          <h1 className="truncate text-sm font-[550]" dir="auto">
            {title}
          </h1>
          <p className="truncate text-xs text-ink-3">{note}</p>
        </div>
        <ThemeToggle />
        <Link href="/" className={buttonClass({ size: "sm" })}>
          Open Holdfast
        </Link>
      </header>
      <MessageList messages={messages} />
    </main>
  );
}
