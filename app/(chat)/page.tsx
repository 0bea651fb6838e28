import { randomUUID } from "node:crypto";
import { connection } from "next/server";
import { demoPrompts } from "@/trigger/demo-prompts";
import { chatEnvironment } from "../chat/environment";
import { NewChat } from "../chat/new-chat";

export default async function NewChatPage() {
  await connection();
  return <NewChat firstId={randomUUID()} environment={await chatEnvironment()} prompts={demoPrompts} />;
}
