import { listChats } from "@/lib/chat/queries";
import { getUser } from "@/lib/auth";
import { db } from "@/lib/db";
import { ChatFrame } from "../chat/chat-frame";

export default async function ChatLayout({ children }: LayoutProps<"/">) {
  const user = await getUser();
  const chats = user ? await listChats(db, user.id) : [];
  return (
    <ChatFrame
      chats={chats}
      userName={user?.name ?? "Guest"}
      isGuest={user?.isGuest ?? true}
      now={Date.now()}
    >
      {children}
    </ChatFrame>
  );
}
