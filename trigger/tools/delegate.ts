/**
 * Delegation to a sub-agent (trigger/research.ts), which has a durable session of its own. When it asks the person
 * something, the output says so and the turn ends. The person's decision first continues the sub-agent, then the agent.
 */
import { createHash } from "node:crypto";
import { isToolUIPart, tool } from "ai";
import { MAX_REQUESTS_PER_TURN, TOO_MANY_REQUESTS } from "@/lib/agent/approval-policy";
import { findingOf, stepsOf, type DelegateOutput } from "@/lib/agent/sub-agents/delegate-output";
import { toolSchemas } from "@/lib/agent/tool-schemas";
import { markOf, marked } from "@/lib/chat/effects/marks";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import type { ChatMessage } from "@/lib/chat/message";
import { MAX_SUB_AGENTS, messagesOf, noteAsk, subAgentId } from "@/lib/chat/sub-agents/sub-agents";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { SubAgent } from "@/prisma/generated/client";
import { turnState } from "../agent/turn-state";
import { noteDelegated } from "../agent/usage";
import { converse } from "../sub-agents/converse";
import { inTurn } from "../sub-agents/places";
import { waitingCalls } from "../sub-agents/waiting-calls";
import { askedThisTurn, currentTurn } from "./turn";

const MAX_RESULT_LENGTH = 20_000;

export const delegate = tool({
  ...toolSchemas.delegate,
  async *execute({ name, task }, { toolCallId, abortSignal }) {
    const { chatId, answerId } = currentTurn();
    const session = subAgentId(chatId, name);
    const ask = await nameOfTask(session);
    const start: DelegateOutput = { state: "running", name, task, steps: [], session, ask };
    yield start;
    yield await inTurn(session, chatId, abortSignal, async () => {
      const asking = { id: session, chatId, name, ask, answerId };
      const doing = `Asking sub-agent ${session}`;
      const known = await withRetry(() => db.subAgent.findUnique({ where: { id: session } }), { doing });
      const waits = known?.answerId === answerId && waitingOf(messagesOf(known).at(-1)).length > 0;
      if (waits && known.asked !== ask)
        return failed(start, "It waits for a person before its other task can go on. Ask again afterwards.");
      const subAgent = await withRetry(() => noteAsk(db, asking), { doing });
      if (!subAgent)
        return failed(
          start,
          `This chat has ${MAX_SUB_AGENTS} sub-agents already. Give the task to one of them.`,
        );
      const isOver = (now: SubAgent) => now.answered === ask;
      const send = { ask, task };
      const outcome = await converse({ subAgent, send, isOver, toolCallId, signal: abortSignal });
      return outputOf(start, outcome);
    });
  },
  // The agent's model gets the result, not the steps.
  toModelOutput: ({ output }) => ({
    type: "json",
    value:
      output.state === "done"
        ? { from: output.name, found: output.result ?? "" }
        : { from: output.name, state: output.state, note: output.result ?? "" },
  }),
});

/** Continues a sub-agent after its requests were decided. Returns what then became of it; it never rejects. */
export async function resumeDelegate(
  waiting: DelegateOutput,
  { chatId, toolCallId, signal }: { chatId: string; toolCallId: string; signal?: AbortSignal | undefined },
): Promise<DelegateOutput> {
  const { session } = waiting;
  const waited = new Set(
    (waiting.requests ?? []).flatMap((request) => (request.waits ? [request.toolCallId] : [])),
  );
  if (session === undefined)
    return failed(waiting, "It is of an earlier release and can't continue. Ask for it again.");
  try {
    return await inTurn(session, chatId, signal, async () => {
      const subAgent = await withRetry(() => db.subAgent.findUnique({ where: { id: session } }), {
        doing: `Reading sub-agent ${session}`,
      });
      if (!subAgent || subAgent.asked !== waiting.ask)
        return failed(waiting, "It has gone on to another task. Ask for this one again.");
      const isOver = (now: SubAgent) =>
        !waitingOf(answerTo(now, waiting.ask)).some((call) => waited.has(call.toolCallId));
      const outcome = await converse({ subAgent, send: "decided", isOver, toolCallId, signal });
      return outputOf(waiting, outcome);
    });
  } catch {
    return failed(waiting, signal?.aborted ? "It was stopped." : "It failed. Ask for it again.");
  }
}

/** Ends the turn when a sub-agent asks the person something. Give it to `streamText` as `stopWhen`. */
export function isDelegateWaiting({ steps }: { steps: { toolResults: { output: unknown }[] }[] }): boolean {
  return (steps.at(-1)?.toolResults ?? []).some(({ output }) => isWaitingOutput(output));
}

/** Whether a sub-agent in this message waits for a person. */
export function hasWaitingDelegate({ parts }: Pick<ChatMessage, "parts">): boolean {
  return parts.some((part) => isToolUIPart(part) && isWaitingOutput(part.output));
}

function isWaitingOutput(output: unknown): boolean {
  return markOf(output) === "sub-agent" && (output as DelegateOutput).state === "waiting";
}

/**
 * The id of a task's message to a sub-agent: the how-manieth task it is of the answer to this question. An answer that
 * is written again because its worker died names it the same, in whatever words the model then puts it, so the task is
 * not done twice; another version of the answer names it otherwise.
 */
async function nameOfTask(session: string): Promise<string> {
  const { chatId, turn } = currentTurn();
  const { continued, tasks } = turnState();
  const before = (continued?.message.parts ?? []).filter(
    (part) => isToolUIPart(part) && (part.output as DelegateOutput | undefined)?.session === session,
  ).length;
  const number = tasks.get(session) ?? before;
  tasks.set(session, number + 1);
  const chat = await withRetry(
    () => db.chat.findUniqueOrThrow({ where: { id: chatId }, select: { actionId: true } }),
    { doing: `Reading chat ${chatId}` },
  );
  const name = JSON.stringify([turn, chat.actionId, session, number]);
  return `task-${createHash("sha256").update(name).digest("hex").slice(0, 24)}`;
}

/** What the card shows, and the agent's model gets, of what became of the task. */
function outputOf(from: DelegateOutput, outcome: SubAgent | { failed: string }): DelegateOutput {
  if ("failed" in outcome) return failed(from, outcome.failed);
  const answer = answerTo(outcome, from.ask);
  const calls = waitingOf(answer);
  const parts = answer?.parts ?? [];
  const asked = askedThisTurn();
  for (const { toolCallId } of calls) asked.add(toolCallId);
  const known: DelegateOutput = {
    ...from,
    steps: stepsOf(parts, true),
    requests: [
      ...(from.requests ?? []).map((request) => ({ ...request, waits: false })),
      ...calls.map((part) => ({
        toolCallId: part.toolCallId,
        tool: part.type.slice("tool-".length),
        input: part.input,
        waits: true,
      })),
    ],
    unknown: parts.flatMap((part) => {
      const unknown = isToolUIPart(part) ? unknownOutcomeOf(part.output) : undefined;
      return isToolUIPart(part) && unknown ? [{ toolCallId: part.toolCallId, outcome: unknown }] : [];
    }),
    ...withUsage(from, answer),
  };
  if (outcome.failure !== null) return failed(known, outcome.failure);
  if (calls.length > 0 && asked.size > MAX_REQUESTS_PER_TURN) return failed(known, TOO_MANY_REQUESTS);
  if (calls.length > 0) return marked("sub-agent", { ...known, state: "waiting" });
  const result = findingOf(parts).slice(0, MAX_RESULT_LENGTH);
  return result === ""
    ? failed(known, "It ended without an answer.")
    : marked("sub-agent", { ...known, state: "done", result });
}

function failed(from: DelegateOutput, why: string): DelegateOutput {
  const steps = from.steps.map((step) =>
    step.state === "done" || step.state === "failed" ? step : { ...step, state: "failed" as const },
  );
  const requests = (from.requests ?? []).map((request) => ({ ...request, waits: false }));
  return marked("sub-agent", { ...from, steps, requests, state: "failed", result: why });
}

function answerTo(subAgent: SubAgent, ask: string | undefined): ChatMessage | undefined {
  const messages = messagesOf(subAgent);
  const at = messages.findIndex(({ id }) => id === ask);
  return at === -1 ? undefined : messages.slice(at + 1).find(({ role }) => role === "assistant");
}

function waitingOf(message: ChatMessage | undefined) {
  return message ? waitingCalls(message) : [];
}

/** Its answer counts everything up to now; what it had taken before its question is counted already. */
function withUsage(from: DelegateOutput, answer: ChatMessage | undefined): Pick<DelegateOutput, "usage"> {
  const { inputTokens = 0, outputTokens = 0, cost = null } = answer?.metadata ?? {};
  const before = from.usage ?? { inputTokens: 0, outputTokens: 0, cost: 0 };
  noteDelegated({
    inputTokens: inputTokens - before.inputTokens,
    outputTokens: outputTokens - before.outputTokens,
    cost: cost === null || before.cost === null ? null : cost - before.cost,
  });
  return { usage: { inputTokens, outputTokens, cost } };
}
