import { randomUUID } from "node:crypto";
import { connection } from "next/server";
import { getUser } from "@/lib/auth";
import { readSettings } from "@/lib/chat/chats/settings";
import { db } from "@/lib/db/client";
import { welcomeFor } from "@/lib/agent/demo-prompts";
import { chatEnvironment } from "@/app/(chat)/_chat/environment";
import { NewChat } from "@/app/(chat)/_chat/new-chat";

export default async function NewChatPage() {
  await connection();
  const user = await getUser();
  const [environment, settings] = await Promise.all([
    chatEnvironment(),
    user ? readSettings(db, user.id) : null,
  ]);
  const preferred = environment.models.find((model) => model.id === settings?.defaultModel);
  return (
    <NewChat
      firstId={randomUUID()}
      environment={environment}
      welcome={welcomeFor(environment.models)}
      model={preferred?.id ?? null}
    />
  );
}
