/** The agent. The one file to read first: everything that happens between a question and its answer starts here. */
import { locals, logger } from "@trigger.dev/sdk";
import { chat, type TranscriptStorage } from "@trigger.dev/sdk/ai";
import { generateId, stepCountIs } from "ai";
import { branchAction } from "@/lib/chat/tree/branch-actions";
import { requireBudget } from "@/lib/chat/chats/budget";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import type { ChatMessage } from "@/lib/chat/message";
import { isChatId } from "@/lib/chat/tree/queries";
import { withRetry } from "@/lib/db/retry";
import { noteBeginning } from "@/lib/chat/revive/revive";
import { maySteer } from "@/lib/chat/steering";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { db } from "@/lib/db/client";
import { countAttempt } from "@/lib/http/rate-limit";
import { env } from "@/lib/env";
import { approvals, approvalSecret } from "./agent/approvals";
import { withAttachments } from "./agent/attachments";
import { rememberTakenOver, untilAnswered, walk } from "./agent/branching";
import {
  continuedMessage,
  endContinuation,
  goOn,
  isHeardBefore,
  skipWaiting,
  stopDecided,
  withDecisionsFirst,
} from "./agent/continuation";
import { watchDurations } from "./agent/durations";
import { watchEnding } from "./agent/endings";
import { ChatError, describeError, summariseError } from "./agent/errors";
import { accept, afterFailure } from "./agent/gate";
import { metered } from "./agent/metering";
import { resolveModel } from "./agent/models";
import { whenSpare } from "./agent/prewarm";
import { withEveryStep } from "./agent/step-messages";
import { heedEarlyStop, stopSignal } from "./agent/stops";
import { titleChat } from "./agent/title";
import { savingNoTorsos, withoutTorsos } from "./agent/abandoned-partials";
import { isDelegateWaiting } from "./tools/delegate";
import { resume, tools } from "./tools/execute";
import { guarded } from "./tools/guard";
import { describeCall } from "@/lib/agent/approval-policy";
import { beginTurn } from "./tools/turn";
import { forgetDelegated, usageOf, withDelegated } from "./agent/usage";

/** What runs of the embedded engine say of their project. It ends the processes of chats that wait by itself. */
const EMBEDDED_PROJECT = "proj_local";

/** Set while a run answers a question in whose answer its predecessor died. */
const recovering = locals.create<boolean>("holdfast.recovering");
/** The save of this turn's question, when it is a new one. The runtime would go on without it. */
const questionSaved = locals.create<{ saved: Promise<void> } | null>("holdfast.questionSaved");
/** Whether somebody stopped this turn before it began is being looked up. */
const stopHeeded = locals.create<Promise<void>>("holdfast.stopHeeded");
/** The model's stream of this turn ended in an error. */
const brokeOff = locals.create<boolean>("holdfast.brokeOff");
/** Why this turn failed, in words for its reader. */
const failure = locals.create<string | undefined>("holdfast.failure");

const storage = prismaStorage(db, { describe: describeCall, failure: () => locals.get(failure) });

export const chatAgent = chat.withUIMessage<ChatMessage>().agent({
  id: "chat",
  storage: withOutcomes(storage),
  tools,
  system:
    "You are a helpful assistant. Answer in the language of the question, in Markdown, and no longer than it needs.",
  // Awake for a while after an answer, so that a quick follow-up costs no start; then suspended, then ended.
  idleTimeoutInSeconds: 30,
  turnTimeout: "1h",
  // On Trigger.dev; the embedded engine has ENGINE_MAX_WORKERS_PER_PERSON. The key is the person (app/(chat)/_chat/actions/session.ts).
  concurrency: { perKey: 6 },

  uiMessageStreamOptions: {
    sendReasoning: true,
    sendSources: true,
    // Otherwise the provider's own words reach the browser, and they can quote a key or an address.
    onError: describeError,
  },

  onBoot({ ctx }) {
    // `trigger dev` keeps a process for every chat that waits for its next message.
    const isLocal = ctx.project.ref === EMBEDDED_PROJECT;
    if (ctx.environment.type === "DEVELOPMENT" && !isLocal) chat.setTurnTimeout("5m");
  },

  onPreload: () => void whenSpare(),

  async onTurnStart({ chatId, clientData, ctx, turn, continuation, uiMessages }) {
    void locals.set(stopHeeded, heedEarlyStop(chatId));
    // What it takes over is saved already, so no save says that it has come so far.
    if (turn === 0 && continuation)
      await withRetry(() => noteBeginning(db, chatId, ctx.run.id), { doing: `Beginning in chat ${chatId}` });
    forgetDelegated();
    const goesOn = await goOn((waiting, answer) => resume(chatId, waiting, answer, stopSignal()));
    if (goesOn) return chat.history.set(goesOn);
    // The first message of a session is not always the first of its chat: the engine's data was deleted, or the app
    // moved from the embedded engine to the cloud. The runtime would start from nothing.
    const isNew = turn === 0 && !continuation;
    const saved = isNew ? (await storage.load<ChatMessage>({ chatId, clientData })).messages : [];
    const known = new Set(saved.map((message) => message.id));
    const messages =
      saved.length === 0 ? uiMessages : [...saved, ...uiMessages.filter((message) => !known.has(message.id))];
    const history = isHeardBefore(messages.at(-1))
      ? messages
      : withoutTorsos((await skipWaiting(chatId, messages)) ?? messages);
    const isAsItWas =
      history.length === uiMessages.length &&
      history.every((message, index) => message === uiMessages[index]);
    if (!isAsItWas) chat.history.set(history);
  },

  /**
   * A new run takes over from one that died in the middle of an answer. Every question that has no whole answer is
   * asked again, the interrupted one first, and the page drops the partial text. (With several waiting, the SDK's
   * default would settle for the partial answer, and repeat the question that the turn's start had already saved.)
   * Only when the engine gave its question up, it stays as far as it got.
   */
  async onRecoveryBoot({ chatId, settledMessages, inFlightUsers, partialAssistant, writer }) {
    locals.set(recovering, true);
    await rememberTakenOver(chatId);
    writer.write({
      type: "data-run-recovered",
      data: { partialId: partialAssistant?.id ?? null },
      transient: true,
    });
    const all = withoutTorsos(partialAssistant ? [...settledMessages, partialAssistant] : settledMessages);
    const settled = all.filter((message) => message !== partialAssistant);
    const last = settled.at(-1);
    // A regenerated answer has no question of its own on the input stream.
    const unanswered = inFlightUsers.length === 0 && last?.role === "user" ? [last] : inFlightUsers;
    const isGivenUp = last?.role === "user" && unanswered.every(({ id }) => id !== last.id);
    return { chain: isGivenUp ? all : settled, recoveredTurns: unanswered };
  },

  /** Throwing here ends the turn with the error's text and leaves the run alive for the next message. */
  onValidateMessages({ messages, chatId }) {
    return Promise.all(messages.map((message) => accept(chatId, message, requireChat)));
  },

  async onTurnComplete({ chatId, error, stopped, uiMessages, newUIMessages, responseMessage }) {
    locals.set(recovering, false);
    locals.set(questionSaved, null);
    endContinuation();
    // To the runtime whatever came in is part of the conversation, also when it was refused.
    if (error)
      return chat.history.set(
        await afterFailure({ chatId, error, uiMessages, newUIMessages, responseMessage }),
      );
    if (stopped) {
      // What cannot be told now is told by the ledger when the conversation goes on.
      const history = await stopDecided(chatId, uiMessages).catch((cause: unknown) => {
        logger.warn("What was approved could not be stopped", { chatId, ...summariseError(cause) });
      });
      if (history) chat.history.set(history);
    }
    // Not awaited: the next question does not wait for a title. It reports its own failures.
    if (!locals.get(brokeOff)) void titleChat(db, chatId, uiMessages);
  },

  // What is not taken up at a step boundary is answered as the next turn.
  pendingMessages: { shouldInject: ({ messages }) => messages.every(maySteer) },

  actionSchema: branchAction,
  onAction: ({ chatId, action }) => walk(chatId, action),

  async run({ chatId, ctx, messages, tools, signal, streamText }) {
    locals.set(brokeOff, false);
    locals.set(failure, undefined);
    if (isHeardBefore(chat.history.all().at(-1))) return undefined;
    // The runtime takes it for a new message; an answer that goes on keeps its own.
    const newId = generateId();
    const answerId = continuedMessage()?.id ?? newId;
    beginTurn({ chatId, answerId, runId: ctx.run.id, messages: chat.history.all() });
    try {
      const { model: chosen, userId } = await requireChat(chatId);
      // No word of an answer whose question could be lost, and no effect.
      await locals.get(questionSaved)?.saved.catch(refuseUnsaved);
      await requireTurn(chatId, userId);
      const resolved = await resolveModel(chosen);
      const { id } = resolved;
      const model = metered(db, resolved, { userId, chatId, purpose: "answer" });
      await locals.get(stopHeeded);
      const durations = watchDurations();
      const ending = watchEnding(MAX_STEPS);
      chat.setUIMessageStreamOptions({
        generateMessageId: () => newId,
        messageMetadata: ({ part }) => {
          if (part.type === "start") return { model: id };
          const ended = ending(part);
          if (part.type !== "finish") return durations(part);
          const before = continuedMessage()?.metadata;
          return {
            ...usageOf(id, part.totalUsage, withDelegated(before)),
            ...((ended ?? before?.ending) && { ending: ended ?? null }),
          };
        },
      });
      const result = streamText({
        model: withAttachments(model, { db, userId }),
        messages,
        tools: guarded(tools),
        abortSignal: signal,
        stopWhen: [stepCountIs(MAX_STEPS), isDelegateWaiting],
        prepareStep: ({ messages: input, steps }) => ({ messages: withEveryStep(input, steps) }),
        toolApproval: approvals(chatId),
        experimental_toolApprovalSecret: approvalSecret(),
        providerOptions: { demo: { recovered: locals.get(recovering) ?? false } },
        onError({ error }) {
          locals.set(brokeOff, true);
          locals.set(failure, describeError(error));
          logger.warn("The answer broke off", { chatId, ...summariseError(error) });
        },
      });
      return withDecisionsFirst(result);
    } catch (error) {
      logger.warn("The turn could not begin", { chatId, ...summariseError(error) });
      const sentence = describeError(error);
      locals.set(failure, sentence);
      throw new ChatError(sentence, { cause: error });
    }
  },
});

/**
 * To the runtime a model's stream that ends in an error is a turn like any other, so a broken answer would be stored
 * as a whole one. What the reader saw fail is stored as failed.
 */
function withOutcomes(storage: TranscriptStorage): TranscriptStorage {
  return {
    load: (scope, options) => storage.load(scope, options),
    save(context, given) {
      const changeset = untilAnswered(given);
      if (changeset.reason === "turn-start") {
        const saved = storage.save(context, savingNoTorsos(changeset));
        locals.set(questionSaved, { saved });
        return saved;
      }
      if (changeset.reason !== "turn-complete" || !locals.get(brokeOff))
        return storage.save(context, changeset);
      const changes = changeset.changes.map((change) =>
        change.op === "put" && change.message.role === "assistant" ? { ...change, final: false } : change,
      );
      return storage.save(context, { ...changeset, changes, reason: "turn-error" });
    },
  };
}

/** Where no proxy of ours sees the messages (lib/engine-limits.ts) they are counted here, and everywhere what they take. */
async function requireTurn(chatId: string, userId: string): Promise<void> {
  const rate = env.LIMIT_MESSAGES;
  // Twice as many, because the proxy's minute began at another moment, and what it let through is answered.
  if (rate) await countAttempt("messages", `turns:person:${userId}`, { ...rate, count: rate.count * 2 });
  await withRetry(() => requireBudget(db, userId), { doing: `Reading the budget for chat ${chatId}` });
}

function refuseUnsaved(cause: unknown): never {
  throw new ChatError("Your message could not be saved, so it was not answered. Try again in a moment.", {
    cause,
  });
}

/**
 * The owner and the model come from the row, never from what the browser sends along, and are read at every turn:
 * the chat may have been deleted, or another model chosen, while this run slept.
 */
async function requireChat(chatId: string): Promise<{ userId: string; model: string | null }> {
  const row = isChatId(chatId)
    ? await withRetry(
        () =>
          db.chat.findUnique({
            where: { id: chatId, deletedAt: null },
            select: { userId: true, model: true },
          }),
        {
          doing: `Reading chat ${chatId}`,
        },
      )
    : null;
  if (!row)
    throw new ChatError("This chat does not exist any more, so it cannot be answered. Start a new one.");
  return row;
}
