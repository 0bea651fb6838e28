/**
 * The sub-agent: an agent with a durable session of its own, to which the agent of a chat delegates (the tool in
 * trigger/tools/delegate.ts). It acts for the owner of that chat, under the chat's approvals, limits and effects.
 */
import { logger } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { generateId, stepCountIs } from "ai";
import { z } from "zod";
import { requireBudget } from "@/lib/chat/chats/budget";
import { parseUserMessage, type ChatMessage } from "@/lib/chat/message";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { answerMetadata } from "@/lib/agent/answer-metadata";
import { approvals, approvalSecret } from "./agent/approvals";
import { withUniqueCallIds } from "@/lib/agent/call-ids";
import { ChatError, describeError, summariseError } from "@/lib/agent/errors";
import { asContinuation } from "./agent/history/continuation";
import { takeOver } from "./agent/history/steps";
import { metered } from "@/lib/agent/metering";
import { resolveModel } from "@/lib/agent/models";
import { withEveryStep } from "./agent/step-messages";
import { heedEarlyStop } from "./agent/stops";
import { runState, turnState } from "./agent/turn-state";
import { askingMessage, takeDecisions } from "./sub-agents/decisions";
import { requireSubAgent } from "./sub-agents/require-sub-agent";
import { subAgentStorage } from "./sub-agents/storage";
import { subAgentTools } from "./tools/execute";
import { guarded } from "./tools/guard";
import { beginTurn } from "./tools/turn";

const MAX_STEPS = 8;

export const researchAgent = chat.withUIMessage<ChatMessage>().agent({
  id: "research",
  storage: subAgentStorage,
  tools: subAgentTools,
  system:
    "You work for another agent. Do the task with your tools, ask the person only when you can't continue without an answer, and answer with what you found in a few sentences.",
  // Between two tasks it waits for the agent, which waits for nobody but it.
  idleTimeoutInSeconds: 10,
  turnTimeout: "2m",
  // On Trigger.dev. The key is the chat (trigger/sub-agents/converse.ts), so no chat takes the places of another.
  concurrency: { perKey: 4 },
  uiMessageStreamOptions: { sendReasoning: false, onError: describeError },

  onRecoveryBoot: takeOver,
  onValidateMessages: ({ messages }) => messages.map(parseUserMessage),

  actionSchema: z.object({ type: z.literal("decided") }),
  async onAction({ chatId: id }) {
    try {
      const history = await takeDecisions(id);
      if (!history) return;
      chat.history.set(history);
      return chat.turn();
    } catch (error) {
      throw new ChatError(describeError(error), { cause: error });
    }
  },

  onTurnStart({ chatId: id }) {
    turnState().stopHeeded = heedEarlyStop(id);
  },

  async run({ chatId: id, ctx, messages, tools, signal, streamText }) {
    const state = turnState();
    const newId = generateId();
    try {
      const { chatId, answerId, chat: parent } = await requireSubAgent(id);
      const asking = state.continued && (await askingMessage(chatId, state.continued.message));
      beginTurn({
        chatId,
        answerId: asking ?? answerId ?? id,
        runId: ctx.run.id,
        messages: chat.history.all(),
      });
      await withRetry(() => requireBudget(db, parent.userId), { doing: `Reading the budget for ${id}` });
      const resolved = await resolveModel(parent.model);
      const model = metered(db, resolved, { userId: parent.userId, chatId, purpose: "delegate" });
      await state.stopHeeded;
      chat.setUIMessageStreamOptions({
        generateMessageId: () => newId,
        messageMetadata: answerMetadata(resolved.id, () => state.continued?.message.metadata),
      });
      const result = streamText({
        // What it asks is saved in the chat's message, whose call ids this model can't see.
        model: withUniqueCallIds(model, { always: true }),
        messages,
        tools: guarded(tools),
        abortSignal: signal,
        stopWhen: stepCountIs(MAX_STEPS),
        prepareStep: ({ messages: input, steps }) => ({ messages: withEveryStep(input, steps) }),
        toolApproval: approvals(chatId),
        experimental_toolApprovalSecret: approvalSecret(),
        providerOptions: { demo: { recovered: runState().isRecovering } },
        onError({ error }) {
          state.isBroken = true;
          state.failure = describeError(error);
          logger.warn("The sub-agent's answer broke off", { id, ...summariseError(error) });
        },
      });
      return asContinuation(result);
    } catch (error) {
      state.failure = describeError(error);
      throw new ChatError(state.failure, { cause: error });
    }
  },

  onTurnComplete() {
    runState().isRecovering = false;
  },
});
