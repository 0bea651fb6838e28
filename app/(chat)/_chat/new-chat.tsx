"use client";

import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { ChatView, type ChatViewProps } from "./chat-view";

export type NewChatProps = Pick<ChatViewProps, "environment" | "prompts" | "model"> & {
  /** Made by the server, so that both renders agree. */
  firstId: string;
};

/**
 * The page at `/`. With its first message the chat gets its address, without a navigation: the answer streams into
 * this very page. So the page has to notice by itself when the address says that something else is meant.
 */
export function NewChat({ firstId, environment, prompts, model = null }: NewChatProps) {
  const pathname = usePathname();
  const [chat, setChat] = useState({ id: firstId, hasAddress: false });
  const address = `/chat/${chat.id}`;
  if (pathname === address && !chat.hasAddress) setChat({ ...chat, hasAddress: true });
  if (pathname === "/" && chat.hasAddress) setChat({ id: crypto.randomUUID(), hasAddress: false });

  const isAnotherChat = pathname !== "/" && pathname !== address;
  useEffect(() => {
    // Back and forward can bring this page to the address of a chat that began here earlier: load that chat.
    if (isAnotherChat) window.location.reload();
  }, [isAnotherChat]);

  return (
    <ChatView
      key={chat.id}
      chatId={chat.id}
      environment={environment}
      prompts={prompts}
      model={model}
      onCreated={() => window.history.replaceState(null, "", address)}
    />
  );
}
