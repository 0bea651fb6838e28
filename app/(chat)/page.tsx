import { randomUUID } from "node:crypto";
import { connection } from "next/server";
import { demoPrompts } from "@/trigger/demo-prompts";
import { ChatView } from "../chat/chat-view";
import { chatEnvironment } from "../chat/environment";

export default async function NewChatPage() {
  await connection();
  const chatId = randomUUID();
  return <ChatView key={chatId} isNew chatId={chatId} environment={chatEnvironment()} prompts={demoPrompts} />;
}
