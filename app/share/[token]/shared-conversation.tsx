"use client";

import Link from "next/link";
import { useCallback, useMemo } from "react";
import { getToolName, type UIMessage } from "ai";
import { CodeRun, Delegate } from "@/app/(chat)/_chat/requests/parts";
import { withoutInjected } from "@/components/chat/durable/injected-messages";
import { Message } from "@/components/chat/conversation/message";
import { MessageList } from "@/components/chat/conversation/message-list";
import { OwnersRequest } from "@/components/chat/requests/owners-request";
import { requestKey } from "@/components/chat/requests/request";
import type { ToolPart } from "@/components/chat/tools/tool-card";
import { buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { requestIdsOf } from "@/lib/chat/requests/pending-calls";
import type { ChatMessage } from "@/lib/chat/message";
import type { SharedRequest } from "@/lib/chat/chats/share";

export type SharedConversationProps = {
  title: string;
  note: string;
  messages: ChatMessage[];
  requests: SharedRequest[];
};

/** The kit's message list without actions that change the conversation. */
export function SharedConversation({ title, note, messages, requests }: SharedConversationProps) {
  const shown = useMemo(() => withoutInjected(messages), [messages]);
  const byCall = useMemo(
    () => new Map(requests.map((request) => [requestKey(request), request])),
    [requests],
  );
  const renderTool = useCallback(
    (part: ToolPart, { id: messageId }: UIMessage) => {
      if (getToolName(part) === "runCode") return <CodeRun part={part} isStreaming={false} />;
      const requests = requestIdsOf(part).flatMap(
        (toolCallId) => byCall.get(requestKey({ messageId, toolCallId })) ?? [],
      );
      const cards = requests.map(({ toolCallId, title, isWaiting }) => (
        <OwnersRequest key={toolCallId} title={title} isWaiting={isWaiting} />
      ));
      if (getToolName(part) === "delegate")
        return (
          <Delegate part={part} messageId={messageId}>
            {cards}
          </Delegate>
        );
      return cards.length > 0 ? cards : undefined;
    },
    [byCall],
  );
  const renderMessage = useCallback(
    (message: UIMessage) => <Message message={message} renderTool={renderTool} />,
    [renderTool],
  );
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
      <MessageList messages={shown} renderMessage={renderMessage} />
    </main>
  );
}
