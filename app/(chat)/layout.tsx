import { cookies } from "next/headers";
import { listChatPage } from "@/lib/chat/chat-list";
import { getUser } from "@/lib/auth";
import { db } from "@/lib/db";
import { ChatFrame } from "../chat/chat-frame";

export default async function ChatLayout({ children }: LayoutProps<"/">) {
  const user = await getUser();
  const sidebar = (await cookies()).get("holdfast-sidebar")?.value;
  return (
    <ChatFrame
      firstPage={user ? await listChatPage(db, user.id) : { chats: [] }}
      userName={user?.name ?? "Guest"}
      isGuest={user?.isGuest ?? true}
      isCollapsed={sidebar === "collapsed"}
      now={Date.now()}
    >
      {children}
    </ChatFrame>
  );
}
