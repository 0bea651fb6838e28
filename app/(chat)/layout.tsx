import { cookies } from "next/headers";
import { listChatPage } from "@/lib/chat/chats/list";
import { getUser } from "@/lib/auth";
import { db } from "@/lib/db/client";
import { listWaitingRequests as queryWaitingRequests } from "@/lib/chat/requests/views";
import { ChatFrame } from "@/app/(chat)/_chat/chat-frame";
import { ChatMarkdown } from "@/app/(chat)/_chat/chat-markdown";
import { ChatProviders } from "@/app/(chat)/_chat/chat-providers";

export default async function ChatLayout({ children }: LayoutProps<"/">) {
  const user = await getUser();
  const sidebar = (await cookies()).get("holdfast-sidebar")?.value;
  const [firstPage, waiting] = user
    ? await Promise.all([listChatPage(db, user.id), queryWaitingRequests(db, user.id)])
    : [{ chats: [] }, []];
  return (
    <ChatProviders waiting={waiting}>
      <ChatFrame
        firstPage={firstPage}
        userName={user?.name ?? "Guest"}
        isGuest={user?.isGuest ?? true}
        isCollapsed={sidebar === "collapsed"}
        now={Date.now()}
      >
        <ChatMarkdown>{children}</ChatMarkdown>
      </ChatFrame>
    </ChatProviders>
  );
}
