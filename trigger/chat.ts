/** The agent. The one file to read first: everything that happens between a question and its answer starts here. */
import { logger } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { generateId, stepCountIs } from "ai";
import { answerMetadata } from "@/lib/agent/answer-metadata";
import { withAttachments } from "@/lib/agent/attachments";
import { ChatError, describeError, summariseError } from "@/lib/agent/errors";
import { metered } from "@/lib/agent/metering";
import { resolveModel } from "@/lib/agent/models";
import { SYSTEM_PROMPT } from "@/lib/agent/system-prompt";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import type { ChatMessage } from "@/lib/chat/message";
import { noteBeginning } from "@/lib/chat/revive/revive";
import { maySteer } from "@/lib/chat/steering";
import { agentAction } from "@/lib/chat/tree/branch-actions";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { requireChat, requireSavedQuestion, requireTurn } from "./agent/admission";
import { approvals, approvalSecret } from "./agent/approvals";
import { asContinuation, withoutWords } from "./agent/history/continuation";
import { accept } from "./agent/gate";
import { leaveWhenOver, replaying, withoutFirstStep } from "./agent/head-start";
import { carryOut, continueSubAgents, endHistory, storage, takeOver } from "./agent/history/steps";
import { whenSpare } from "./agent/prewarm";
import { isTriggerDev } from "./agent/run/environment";
import { moveToCurrentVersion } from "./agent/run/upgrade";
import { withSavedLane } from "./agent/history/saved-lane";
import { withEveryStep } from "./agent/step-messages";
import { heedEarlyStop } from "./agent/stops";
import { titleChat } from "./agent/title";
import { runState, turnState } from "./agent/turn-state";
import { withDelegated } from "./agent/usage";
import { disposeSandbox, warmSandbox } from "./sandbox/run-sandbox";
import { hasWaitingDelegate, isDelegateWaiting } from "./tools/delegate";
import { tools } from "./tools/execute";
import { guarded } from "./tools/guard";
import { beginTurn } from "./tools/turn";

export const chatAgent = chat.withUIMessage<ChatMessage>().agent({
  id: "chat",
  storage,
  tools,
  system: SYSTEM_PROMPT,
  // Awake for a while after an answer, so that a quick follow-up costs no start; then suspended, then ended.
  idleTimeoutInSeconds: 30,
  turnTimeout: "1h",
  // A turn that runs out of memory is tried once more here. The default machine has a quarter of this.
  oomMachine: "medium-1x",
  // On Trigger.dev; the embedded engine has ENGINE_MAX_WORKERS_PER_PERSON. The key is the person (app/(chat)/_chat/actions/session.ts).
  concurrency: { perKey: 6 },

  uiMessageStreamOptions: {
    sendReasoning: true,
    sendSources: true,
    // Otherwise the provider's own words reach the browser, and they can quote a key or an address.
    onError: describeError,
  },

  // ── A run ──

  onBoot({ ctx, ...run }) {
    leaveWhenOver(run);
    // It keeps a process for every chat that waits for its next message. The embedded engine ends those by itself.
    if (isTriggerDev(ctx)) chat.setTurnTimeout("5m");
  },
  onPreload: () => void whenSpare(),
  onChatSuspend: ({ ctx }) => disposeSandbox(ctx.run.id),
  onComplete: ({ ctx }) => disposeSandbox(ctx.run.id),
  /** A new run takes over from one that died in the middle of an answer. */
  onRecoveryBoot: takeOver,

  // ── A turn, from what came in to what is saved. Before it begins, `storage.loadContext` reads the conversation. ──

  /** Throwing here ends the turn with the error's text and leaves the run alive for the next message. */
  onValidateMessages: ({ messages, chatId }) =>
    Promise.all(messages.map((message) => accept(chatId, message))),

  actionSchema: agentAction,
  onAction: ({ chatId, action }) => carryOut(chatId, action),

  async onTurnStart({ chatId, ctx, turn, continuation }) {
    if (await moveToCurrentVersion({ ctx, turn, continuation })) return;
    turnState().stopHeeded = heedEarlyStop(chatId);
    warmSandbox(ctx.run.id);
    // What it takes over is saved already, so no save says that it has come so far.
    if (turn === 0 && continuation)
      await withRetry(() => noteBeginning(db, chatId, ctx.run.id), { doing: `Beginning in chat ${chatId}` });
    await continueSubAgents(chatId);
  },

  prepareMessages: ({ messages, reason }) =>
    reason === "run"
      ? withSavedLane(messages, chat.history.all() as ChatMessage[], turnState().savedState, tools)
      : messages,

  // What is not taken up at a step boundary is answered as the next turn.
  pendingMessages: { shouldInject: ({ messages }) => messages.every(maySteer) },

  async run({ chatId, ctx, messages, tools, signal, streamText }) {
    const state = turnState();
    // The runtime takes it for a new message; an answer that continues keeps its own id.
    const newId = state.handedOver?.answerId ?? generateId();
    const answerId = state.continued?.message.id ?? newId;
    beginTurn({ chatId, answerId, runId: ctx.run.id, messages: chat.history.all() });
    try {
      const { model: chosen, userId } = await requireChat(chatId);
      await requireSavedQuestion();
      await requireTurn(chatId, userId);
      if (state.continued && hasWaitingDelegate(state.continued.message))
        return asContinuation(withoutWords(withDelegated(state.continued.message.metadata)));
      const resolved = await resolveModel(chosen);
      const model = metered(db, resolved, { userId, chatId, purpose: "answer" });
      await state.stopHeeded;
      chat.setUIMessageStreamOptions({
        generateMessageId: () => newId,
        messageMetadata: answerMetadata(resolved.id, () => withDelegated(state.continued?.message.metadata)),
      });
      const result = streamText({
        model: replaying(withAttachments(model, { db, userId }), state.handedOver),
        messages,
        tools: guarded(tools),
        abortSignal: signal,
        stopWhen: [stepCountIs(MAX_STEPS), isDelegateWaiting],
        prepareStep: ({ messages: input, steps }) => ({ messages: withEveryStep(input, steps) }),
        toolApproval: approvals(chatId),
        experimental_toolApprovalSecret: approvalSecret(),
        providerOptions: { demo: { recovered: runState().isRecovering } },
        onError({ error }) {
          state.isBroken = true;
          state.failure = describeError(error);
          logger.warn("The answer broke off", { chatId, ...summariseError(error) });
        },
      });
      return withoutFirstStep(asContinuation(result), state.handedOver);
    } catch (error) {
      logger.warn("The turn could not begin", { chatId, ...summariseError(error) });
      state.failure = describeError(error);
      throw new ChatError(state.failure, { cause: error });
    }
  },

  async onTurnComplete(turn) {
    runState().isRecovering = false;
    await endHistory(turn);
    // Not awaited: the next question does not wait for a title. It reports its own failures.
    if (!turn.error && !turnState().isBroken) void titleChat(db, turn.chatId, turn.uiMessages);
  },
});
