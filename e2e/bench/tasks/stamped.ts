/** The product's agent as far as a chunk can notice, on a model whose chunks say when they were emitted. */
import { chat } from "@trigger.dev/sdk/ai";
import { stepCountIs } from "ai";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { db } from "@/lib/db/client";
import { tools } from "@/trigger/tools/execute";
import { stampedModel } from "../support/stamped-model";

export const stampedAgent = chat.agent({
  id: "stamped",
  storage: prismaStorage(db),
  tools,
  idleTimeoutInSeconds: 60,
  turnTimeout: "1h",
  uiMessageStreamOptions: { sendReasoning: true, sendSources: true },
  run: async ({ messages, tools: available, signal, streamText }) =>
    streamText({
      model: stampedModel(),
      messages,
      tools: available,
      abortSignal: signal,
      stopWhen: stepCountIs(12),
    }),
});
