/**
 * What a worker does while it is spare, so that the first turn of a chat does not pay for it: the queries of a turn
 * are compiled, and the AI SDK's way from a model to the page is walked once with a model that is not there.
 */
import { convertToModelMessages, stepCountIs, streamText, type UIMessage } from "ai";
import { warmUp } from "@/lib/chat/storage";
import type { Db } from "@/lib/db";
import { demoModel } from "./demo-model";
import { tools } from "./tools/execute";

const question: UIMessage = {
  id: "rehearsal",
  role: "user",
  parts: [{ type: "text", text: "Count to 20, and what is the weather in Oslo?" }],
};

/** Changes nothing and never throws: a worker that cannot reach the database yet will say so when a turn needs it. */
export async function rehearse(db: Db): Promise<void> {
  await Promise.allSettled([warmUp(db), answer()]);
}

async function answer(): Promise<void> {
  const result = streamText({
    model: demoModel({ paceMs: 0 }),
    messages: await convertToModelMessages([question]),
    tools,
    stopWhen: stepCountIs(2),
  });
  for await (const _ of result.toUIMessageStream()) continue;
}
