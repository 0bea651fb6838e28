/**
 * The agent's side of requests. What people decided is read from the rows and from nothing else: a message that comes
 * back only says that there may be something to read.
 */
import { setTimeout as pause } from "node:timers/promises";
import { locals } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { isToolUIPart, type UIMessageChunk } from "ai";
import { isNodeId } from "@/lib/chat/tree/branch-actions";
import { moveBranch } from "@/lib/chat/tree/branches";
import { skipRequests, stopRequests } from "@/lib/chat/requests/settle";
import { effectsOfCalls, type EffectSummary } from "@/lib/chat/effects/outcomes";
import { InvalidMessageError, type ChatMessage } from "@/lib/chat/message";
import { readBranch } from "@/lib/chat/tree/queries";
import {
  nestedRequestOf,
  isUndecided,
  requestIdOf,
  type RequestName,
  type ToolPart,
} from "@/lib/chat/requests/pending-calls";
import { marked, withoutForgedMark } from "@/lib/chat/effects/marks";
import { toolParts } from "@/lib/chat/requests/save";
import { withRetry } from "@/lib/db/retry";
import { UnknownOutcomeError } from "@/lib/chat/effects/unknown-outcome";
import { db } from "@/lib/db/client";
import type { HumanRequest } from "@/prisma/generated/client";
import type { DelegateOutput } from "@/lib/agent/delegate-output";

type Chunks = ReadableStream<UIMessageChunk>;
/** The message that a turn goes on with. */
type Continued = {
  message: ChatMessage;
  /** The branch above it. */
  before: ChatMessage[];
  /** What the page has not heard of it. */
  chunks: UIMessageChunk[];
  /** By tool call id, the arguments that a person put in place of the proposed ones. */
  edits: ReadonlyMap<string, unknown>;
  /** By tool call id, what a person said to a question. */
  answers: ReadonlyMap<string, unknown>;
};
const continued = locals.create<Continued | null>("holdfast.continued");
/** This turn was asked for by news that the agent had heard before. */
const heardBefore = locals.create<boolean>("holdfast.heardBefore");

const ONLY_USERS = "Only messages of role `user` can be sent. A request is decided on its card.";

/**
 * The assistant's own message comes back when what it asked may be decided. Returns it with the decisions, which this
 * turn then goes on with; returns it without any when there is nothing more to do, because the same news may come
 * twice. Throws `InvalidMessageError` when nothing was decided: somebody made the message up.
 */
export async function takeDecisions(chatId: string, messageId: string): Promise<ChatMessage> {
  if (!isNodeId(messageId)) throw new InvalidMessageError(ONLY_USERS);
  const taken = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        const requests = await tx.humanRequest.findMany({ where: { chatId, messageId } });
        // Of something that is decided later in the same message, the news before may come once more.
        const isOld = requests.some(({ settledAt }) => settledAt !== null);
        const waits = requests.some(({ state }) => state === "pending");
        if (requests.length === 0 || (waits && !isOld)) throw new InvalidMessageError(ONLY_USERS);
        if (waits || requests.every(({ settledAt }) => settledAt !== null)) return undefined;
        // The head goes to the message that asked, wherever the reader is by now: that is where the answer belongs.
        await moveBranch(tx, chatId, { type: "continue-from", nodeId: messageId });
        await tx.chat.update({ where: { id: chatId }, data: { status: "running" } });
        return { requests, messages: (await readBranch(tx, chatId))?.messages ?? [] };
      }),
    { doing: `Reading decisions in chat ${chatId}` },
  );
  const last = taken?.messages.at(-1);
  locals.set(heardBefore, !taken);
  if (!taken || !last)
    return { id: chat.history.all().at(-1)?.id ?? messageId, role: "assistant", parts: [] };
  const { requests } = taken;
  const message = withDecisions(last, requests, "now");
  locals.set(continued, {
    message,
    before: taken.messages.slice(0, -1),
    chunks: requests.flatMap((request) => toChunk(request, last) ?? []),
    edits: new Map(
      requests.flatMap(({ toolCallId, state, editedInput }) =>
        state === "approved" && editedInput !== null ? [[toolCallId, editedInput] as const] : [],
      ),
    ),
    answers: new Map(requests.map((request) => [request.toolCallId, answerOf(request)])),
  });
  return message;
}

/**
 * What the present turn goes on with, if it goes on with a message: the branch up to it, in which sub-agents that had
 * asked something have gone on with the answer. `resume` lets one of them do that.
 */
export async function goOn(
  resume: (waiting: DelegateOutput, answer: unknown) => Promise<DelegateOutput>,
): Promise<ChatMessage[] | undefined> {
  const going = locals.get(continued);
  if (!going) return undefined;
  const parts = await Promise.all(
    going.message.parts.map(async (part) => {
      const inside = isToolUIPart(part) ? nestedRequestOf(part) : undefined;
      if (!isToolUIPart(part) || !inside?.waits) return part;
      const output = await resume(part.output as DelegateOutput, going.answers.get(inside.toolCallId));
      going.chunks.push({ type: "tool-output-available", toolCallId: part.toolCallId, output });
      return { ...part, output } as typeof part;
    }),
  );
  going.message = { ...going.message, parts };
  return [...going.before, going.message];
}

/**
 * A message that is sent while something waits goes before it: what the branch still asked is skipped, visibly, and
 * the model is told so. Returns the history as it now is, or undefined when nothing waited.
 */
export async function skipWaiting(
  chatId: string,
  messages: ChatMessage[],
): Promise<ChatMessage[] | undefined> {
  const waiting = messages.filter((message) => toolParts(message).some(isUndecided));
  if (waiting.length === 0) return undefined;
  const calls = callsIn(waiting, isUndecided);
  const { requests, effects } = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM "Chat" WHERE id = ${chatId} FOR UPDATE`;
        return {
          requests: await skipRequests(tx, { chatId, messageIds: waiting.map(({ id }) => id) }),
          effects: await effectsOfCalls(tx, { chatId, calls }),
        };
      }),
    { doing: `Skipping what waits in chat ${chatId}` },
  );
  return messages.map((message) =>
    waiting.includes(message) ? withDecisions(message, requests, "past", { effects }) : message,
  );
}

/** Nothing is to be done in the present turn, which ends in `last`, and nothing that waits is passed over. */
export function isHeardBefore(last: Pick<ChatMessage, "role"> | undefined): boolean {
  // The runtime itself drops most turns of that kind, and then this is still set in the turn of the next question.
  return last?.role === "assistant" && locals.get(heardBefore) === true;
}

/** How long an effect that was under way at a stop may still take to say how it ended. */
const END_WITHIN_MS = 2_500;
const STOPPED = "The answer was stopped before this was carried out.";
const LOOK_MS = 100;

/**
 * The answer was stopped: what was approved in it and had not begun is not carried out, and what had begun is there
 * with what the ledger knows of it. Returns the history as it now is, or undefined when nothing was approved.
 */
export async function stopDecided(
  chatId: string,
  messages: ChatMessage[],
): Promise<ChatMessage[] | undefined> {
  const isOpen = ({ state }: ToolPart) => state === "approval-responded";
  const stopped = messages.filter((message) => toolParts(message).some(isOpen));
  if (stopped.length === 0) return undefined;
  const calls = callsIn(stopped, isOpen);
  const doing = `Stopping what was approved in chat ${chatId}`;
  let effects: EffectSummary[] = [];
  for (const deadline = Date.now() + END_WITHIN_MS; ; await pause(LOOK_MS)) {
    effects = await withRetry(() => effectsOfCalls(db, { chatId, calls }), { doing });
    if (effects.every(({ state }) => state !== "started") || Date.now() > deadline) break;
  }
  const requests = await withRetry(
    () =>
      db.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM "Chat" WHERE id = ${chatId} FOR UPDATE`;
        return stopRequests(tx, { chatId, calls });
      }),
    { doing },
  );
  return messages.map((message) =>
    stopped.includes(message)
      ? withDecisions(message, requests, "past", { effects, of: isOpen, otherwise: STOPPED })
      : message,
  );
}

/** The names of the requests of some calls. */
function callsIn(messages: ChatMessage[], of: (part: ToolPart) => boolean): RequestName[] {
  return messages.flatMap((message) =>
    toolParts(message)
      .filter(of)
      .map((part) => ({ messageId: message.id, toolCallId: requestIdOf(part) })),
  );
}

/** The message that the present turn goes on with, as it was before. */
export function continuedMessage(): ChatMessage | undefined {
  return locals.get(continued)?.message;
}

export function endContinuation(): void {
  locals.set(continued, null);
}

/**
 * What was decided comes before what follows from it, so that a page which saw the question sees the answer too. (It
 * also keeps a run that takes over from mistaking the second half of a message for all of it: without the first half,
 * these chunks cannot be read.)
 */
export function withDecisionsFirst<Result extends { toUIMessageStream: (options?: never) => Chunks }>(
  result: Result,
): Result {
  const chunks = locals.get(continued)?.chunks;
  if (!chunks) return result;
  const toUIMessageStream = result.toUIMessageStream.bind(result) as unknown as (options: object) => Chunks;
  return Object.assign(result, {
    toUIMessageStream: (options: object) => toUIMessageStream(options).pipeThrough(afterStart(chunks)),
  });
}

function afterStart(chunks: UIMessageChunk[]): TransformStream<UIMessageChunk, UIMessageChunk> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (chunk.type === "start") for (const each of chunks) controller.enqueue(each);
    },
  });
}

/** What the call runs with when a person edited it. */
export function editedInput(toolCallId: string): { input: unknown } | undefined {
  const known = locals.get(continued)?.edits;
  return known?.has(toolCallId) ? { input: known.get(toolCallId) } : undefined;
}

// ── From rows to parts ──

/** `now`: the calls run, or are refused, in the turn that follows. `past`: the conversation has gone on without them. */
function withDecisions(
  message: ChatMessage,
  requests: HumanRequest[],
  when: "now" | "past",
  {
    effects = [],
    of = isUndecided,
    otherwise,
  }: { effects?: EffectSummary[]; of?: (part: ToolPart) => boolean; otherwise?: string } = {},
): ChatMessage {
  const own = requests.filter(({ messageId }) => messageId === message.id);
  const byCall = new Map(own.map((request) => [request.toolCallId, request]));
  const begun = new Map(
    effects.flatMap((effect) => (effect.answerId === message.id ? [[effect.toolCallId, effect]] : [])),
  );
  const open = new Set<unknown>(toolParts(message).filter(of));
  const parts = message.parts.map((part) => {
    if (!open.has(part)) return part;
    const call = part as ToolPart;
    const request = byCall.get(call.toolCallId);
    const effect = begun.get(call.toolCallId);
    return (
      effect ? carriedOut(call, request, effect) : decided(call, request, when, otherwise)
    ) as typeof part;
  });
  return { ...message, parts };
}

function decided(
  part: ToolPart,
  request: HumanRequest | undefined,
  when: "now" | "past",
  otherwise?: string,
): unknown {
  const { approval } = part;
  if (nestedRequestOf(part)) {
    if (when === "now") return part;
    const { messages: _, ...output } = part.output as DelegateOutput;
    return { ...part, output: { ...output, state: "failed", result: "Its question was not answered." } };
  }
  if (!approval) return { ...part, state: "output-available", output: answerOf(request) };
  if (request?.state === "approved" && when === "now")
    return { ...part, state: "approval-responded", approval: { ...approval, approved: true } };
  return {
    ...part,
    state: when === "now" ? "approval-responded" : "output-denied",
    approval: { ...approval, approved: false, reason: whyNot(request, otherwise) },
  };
}

/** What an answer that was cut off could not say any more. */
function carriedOut(part: ToolPart, request: HumanRequest | undefined, effect: EffectSummary): unknown {
  const isEdited = request !== undefined && request.editedInput !== null;
  const result = withoutForgedMark(effect.output);
  const done = isEdited ? marked("edited", { approvedInput: effect.input, result }) : result;
  const output = effect.state === "done" ? done : new UnknownOutcomeError(effect).outcome;
  return {
    ...part,
    state: "output-available",
    output,
    ...(part.approval && { approval: { ...part.approval, approved: true } }),
  };
}

function answerOf(request: HumanRequest | undefined): unknown {
  if (request?.state === "answered") return withoutForgedMark(request.output);
  if (request?.state === "expired")
    return marked("unanswered", { expired: true, note: "Nobody answered in time." });
  return marked("unanswered", { skipped: true, note: "The person did not answer this. Go on without it." });
}

function whyNot(
  request: HumanRequest | undefined,
  otherwise = "The person did not decide this and went on.",
): string {
  if (request?.state === "denied") return request.reason ?? "The person denied it.";
  if (request?.state === "expired") return "Nobody decided in time.";
  return request?.reason ?? otherwise;
}

/** How the page learns what became of a call that it still shows as waiting. */
function toChunk(request: HumanRequest, message: ChatMessage): UIMessageChunk | undefined {
  const part = toolParts(message).find(({ toolCallId }) => toolCallId === request.toolCallId);
  if (!part || !isUndecided(part)) return undefined;
  const { approval } = part;
  if (!approval)
    return { type: "tool-output-available", toolCallId: part.toolCallId, output: answerOf(request) };
  if (request.state === "approved")
    return { type: "tool-approval-response", approvalId: approval.id, approved: true };
  return {
    type: "tool-approval-response",
    approvalId: approval.id,
    approved: false,
    reason: whyNot(request),
  };
}
