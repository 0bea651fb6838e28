/**
 * What a worker does while it is spare, so that the first turn of a chat does not pay for it: the queries of a turn
 * are compiled, and the AI SDK's way from a model to the page is walked once with a model that is not there.
 */
import { convertToModelMessages, stepCountIs, streamText, type UIMessage } from "ai";
import { warmUp } from "@/lib/chat/tree/storage";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { demoModel } from "@/lib/agent/demo/model";
import { tools } from "../tools/execute";

const question: UIMessage = {
  id: "rehearsal",
  role: "user",
  parts: [{ type: "text", text: "Count to 20, and what is the weather in Oslo?" }],
};

let rehearsal: Promise<unknown> | undefined;

/**
 * Our engine calls it in a worker that has no run yet, the agent when somebody has opened a chat and not yet written.
 * Changes nothing and never throws: a worker that cannot reach the database will say so when a turn needs it.
 */
export function whenSpare(): Promise<unknown> {
  if (!env.DATABASE_URL) return Promise.resolve();
  return (rehearsal ??= Promise.allSettled([warmUp(db), answer()]));
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
