/**
 * A sub-agent: a tool that runs a model of its own in the same run. When it asks the person a question, its output says
 * so and the turn ends. The person's answer first continues the sub-agent, then the agent.
 */
import { stepCountIs, streamText, tool, type ModelMessage, type ToolCallPart, type ToolSet } from "ai";
import { requireBudget } from "@/lib/chat/chats/budget";
import { markOf, marked } from "@/lib/chat/effects/marks";
import { sanitise } from "@/lib/chat/message";
import { db } from "@/lib/db/client";
import { withUniqueCallIds } from "@/lib/agent/call-ids";
import { metered } from "@/lib/agent/metering";
import { resolveModel } from "@/lib/agent/models";
import { describeCall, MAX_REQUESTS_PER_TURN, mayWait, TOO_MANY_REQUESTS } from "@/lib/agent/approval-policy";
import { noteDelegated } from "../agent/usage";
import type { DelegateOutput, DelegateStep } from "@/lib/agent/delegate-output";
import { toolSchemas } from "@/lib/agent/tool-schemas";
import { askedThisTurn, currentTurn } from "./turn";

const MAX_STEPS = 6;
const instructions =
  "You work for another agent. Do the task with your tools, ask the person at most one question when you can't continue without it, and answer with what you found in a few sentences.";

const NOT_ASKED = "One question only, so this one was not asked. Continue with what you know.";

/** `tools` are the tools that the sub-agent may use. Tools that may have to wait for a person are left out. */
export function delegate(tools: ToolSet) {
  return tool({
    ...toolSchemas.delegate,
    async *execute({ name, task }, { abortSignal }) {
      const start: DelegateOutput = { state: "running", name, task, steps: [] };
      const messages: ModelMessage[] = [{ role: "user", content: task }];
      const withQuestion = { ...withoutApprovals(tools), askQuestion: tool(toolSchemas.askQuestion) };
      yield* work(start, messages, withQuestion, currentTurn().chatId, abortSignal);
    },
    // The agent's model gets the result, not the steps.
    toModelOutput: ({ output }) => ({
      type: "json",
      value:
        output.state === "done"
          ? { found: output.result ?? "" }
          : { state: output.state, note: output.result ?? "" },
    }),
  });
}

/** Continues a sub-agent with the person's answer. It can't ask again. Returns its end; it never rejects. */
export async function resumeDelegate(
  waiting: DelegateOutput,
  answer: unknown,
  { chatId, tools, abortSignal }: { chatId: string; tools: ToolSet; abortSignal?: AbortSignal },
): Promise<DelegateOutput> {
  const { asked, messages = [], ...rest } = waiting;
  if (!asked) return { ...rest, state: "failed", result: "It was not waiting for an answer." };
  const steps = rest.steps.map((step) =>
    step.state === "waiting" ? { ...step, state: "done" as const } : step,
  );
  const result: ModelMessage = {
    role: "tool",
    content: openCalls(messages).map(({ toolCallId, toolName }) => ({
      type: "tool-result",
      toolCallId,
      toolName,
      output:
        toolCallId === asked.toolCallId
          ? { type: "json", value: answer as never }
          : { type: "error-text", value: NOT_ASKED },
    })),
  };
  let last: DelegateOutput = { ...rest, steps, asked };
  try {
    const going = work(last, [...messages, result], withoutApprovals(tools), chatId, abortSignal);
    for await (const next of going) last = next;
  } catch {
    const why = abortSignal?.aborted ? "It was stopped." : "It failed. Ask for it again.";
    last = { ...last, state: "failed", result: why };
  }
  return { ...last, asked };
}

/** Nobody checks the approval policy for a sub-agent's calls, so it gets no tool that needs an approval. */
function withoutApprovals(tools: ToolSet): ToolSet {
  return Object.fromEntries(Object.entries(tools).filter(([name]) => !mayWait(name)));
}

/** The calls without a result. The AI SDK refuses a conversation that has one. */
function openCalls(messages: ModelMessage[]): ToolCallPart[] {
  const calls = new Map<string, ToolCallPart>();
  for (const { role, content } of messages) {
    if ((role !== "assistant" && role !== "tool") || typeof content === "string") continue;
    for (const part of content) {
      if (part.type === "tool-call") calls.set(part.toolCallId, part);
      if (part.type === "tool-result") calls.delete(part.toolCallId);
    }
  }
  return [...calls.values()];
}

/** Ends the turn when a sub-agent asks the person a question. Give it to `streamText` as `stopWhen`. */
export function isDelegateWaiting({ steps }: { steps: { toolResults: { output: unknown }[] }[] }): boolean {
  return (steps.at(-1)?.toolResults ?? []).some(
    ({ output }) => markOf(output) === "sub-agent" && (output as DelegateOutput).state === "waiting",
  );
}

async function* work(
  from: DelegateOutput,
  messages: ModelMessage[],
  tools: ToolSet,
  chatId: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<DelegateOutput> {
  const { userId, model: chosen } = await db.chat.findUniqueOrThrow({
    where: { id: chatId },
    select: { userId: true, model: true },
  });
  await requireBudget(db, userId);
  const resolved = await resolveModel(chosen);
  const model = metered(db, resolved, { userId, chatId, purpose: "delegate" });
  const answer = streamText({
    // Its question is saved in the agent's message, whose call ids this model can't see.
    model: withUniqueCallIds(model, { always: true }),
    system: instructions,
    messages,
    tools,
    stopWhen: stepCountIs(MAX_STEPS),
    // After each step, because a stopped sub-agent has used the tokens of the steps before.
    onStepFinish: ({ usage }) => noteDelegated(resolved.id, usage),
    ...(abortSignal && { abortSignal }),
  });
  let output = from;
  const show = (steps: DelegateStep[]) => (output = { ...output, steps });
  let failure: unknown;
  for await (const part of answer.fullStream) {
    if (part.type === "error") failure = part.error;
    if (part.type === "tool-call" && part.toolName !== "askQuestion") {
      const { toolCallId: id, toolName: title } = part;
      yield show([...output.steps, { id, title, detail: brief(part.input), state: "running" }]);
    }
    if (part.type === "tool-result" || part.type === "tool-error") {
      const state = part.type === "tool-result" ? "done" : "failed";
      yield show(output.steps.map((step) => (step.id === part.toolCallId ? { ...step, state } : step)));
    }
  }
  if (failure !== undefined) throw failure;
  abortSignal?.throwIfAborted();
  // An invalid question already has its result: the error.
  const question = (await answer.toolCalls).find((call) => call.toolName === "askQuestion" && !call.invalid);
  if (!question) {
    yield { ...output, state: "done", result: (await answer.text).slice(0, 20_000) };
    return;
  }
  const { toolCallId, toolName, input } = question;
  const requests = askedThisTurn().add(toolCallId);
  if (requests.size > MAX_REQUESTS_PER_TURN) {
    yield {
      ...output,
      state: "failed",
      result: `${describeCall(toolName, input)?.title} ${TOO_MANY_REQUESTS}`,
    };
    return;
  }
  const asked = { toolCallId, tool: toolName, input: input as unknown };
  const said = sanitise([...messages, ...(await answer.response).messages]);
  const step = { id: toolCallId, title: "Asks you", state: "waiting" as const };
  const waiting = { ...output, state: "waiting" as const, steps: [...output.steps, step], asked };
  yield marked("sub-agent", { ...waiting, messages: said });
}

function brief(input: unknown): string {
  return (JSON.stringify(input) ?? "").slice(0, 120);
}
