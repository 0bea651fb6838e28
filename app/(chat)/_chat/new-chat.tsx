"use client";

import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { ChatView, type ChatViewProps } from "./chat-view";

export type NewChatProps = Pick<ChatViewProps, "environment" | "welcome" | "model"> & {
  /** Created by the server, so that both renders use the same id. */
  firstId: string;
};

/**
 * The page at `/`. The first message changes the address to the chat's without a navigation, so the answer streams into
 * this page. The page must therefore notice when the address changes to something else.
 */
export function NewChat({ firstId, environment, welcome, model = null }: NewChatProps) {
  const pathname = usePathname();
  const [chat, setChat] = useState({ id: firstId, hasAddress: false });
  const address = `/chat/${chat.id}`;
  if (pathname === address && !chat.hasAddress) setChat({ ...chat, hasAddress: true });
  if (pathname === "/" && chat.hasAddress) setChat({ id: crypto.randomUUID(), hasAddress: false });

  const isAnotherChat = pathname !== "/" && pathname !== address;
  useEffect(() => {
    // Back and forward can bring this page to the address of an earlier chat: load that chat.
    if (isAnotherChat) window.location.reload();
  }, [isAnotherChat]);

  return (
    <ChatView
      key={chat.id}
      chatId={chat.id}
      environment={environment}
      welcome={welcome}
      model={model}
      onCreated={() => window.history.replaceState(null, "", address)}
    />
  );
}
