/**
 * One exchange with a sub-agent: a question, or news of decisions, and what came of it. The sub-agent's row is the truth
 * about that, so whoever of the two dies, the exchange is taken up again where it was: nothing is asked twice, and a run
 * that died is replaced, because on Trigger.dev nobody else would.
 */
import { setTimeout as pause } from "node:timers/promises";
import { chat } from "@trigger.dev/sdk/ai";
import { sessions } from "@trigger.dev/sdk";
import { AgentChat } from "@trigger.dev/sdk/chat";
import { currentRun } from "@/lib/chat/revive/current-run";
import { readInput, readOutput, type InRecord } from "@/lib/chat/revive/session-records";
import { messagesOf } from "@/lib/chat/sub-agents/sub-agents";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { env } from "@/lib/env";
import type { SubAgent } from "@/prisma/generated/client";
import { stopSignal } from "../agent/stops";
import { forward } from "./forward";

const startSession = chat.createStartSessionAction("research");

/** How often the row is read. The end of the stream is noticed at once. */
const LOOK_EVERY_MS = 1_500;
/** How often its run is looked at. */
const CHECK_EVERY_MS = 4_000;
const MAX_DEATHS = 3;
/** Its last words may still be on their way to the card. */
const LAST_WORDS_MS = 400;

type Exchange = {
  subAgent: SubAgent;
  /** The question, by its id; or the news that what it had asked is decided. */
  send: { ask: string; task: string } | "decided";
  /** Whether the row says how it ended. */
  isOver: (subAgent: SubAgent) => boolean;
  /** The call of the chat's agent whose card shows it. */
  toolCallId: string;
  signal?: AbortSignal | undefined;
};

/** The sub-agent after the exchange, or why there is nothing to expect of it. Rejects when the chat's turn was stopped. */
export async function converse({
  subAgent,
  send,
  isOver,
  toolCallId,
  signal,
}: Exchange): Promise<SubAgent | { failed: string }> {
  const { id } = subAgent;
  if (isOver(subAgent)) return subAgent;
  const { lastOutEventId } = subAgent;
  const agent = new AgentChat({
    agent: "research",
    id,
    session: lastOutEventId === null ? {} : { lastEventId: lastOutEventId },
  });
  const over = new AbortController();
  let look: () => void = () => {};
  const before = send === "decided" ? messagesOf(subAgent).at(-1) : undefined;
  let forwarding: Promise<void> | undefined;
  const stopped = () => look();
  signal?.addEventListener("abort", stopped, { once: true });
  try {
    await startRun(subAgent);
    if (!(await wasAsked(subAgent, send))) await sendTo(id, send);
    forwarding = forward(agent, { toolCallId, before, onEnd: () => look() }, over.signal);
    const deadline = deadlineOf(subAgent, send);
    const watch = watchRun(subAgent, send);
    for (let checkedAt = Date.now(); ;) {
      if (signal?.aborted) {
        // A worker that is ended by its engine stops nobody: the chat's turn goes on in another one.
        if (stopSignal()?.aborted) await sessions.open(id).in.send({ kind: "stop" });
        signal.throwIfAborted();
      }
      const now = await withRetry(() => db.subAgent.findUnique({ where: { id } }), {
        doing: `Reading sub-agent ${id}`,
      });
      if (!now) return { failed: "Its chat was deleted." };
      if (isOver(now)) return now;
      if (Date.now() > deadline) {
        await sessions.open(id).in.send({ kind: "stop" });
        return {
          failed: `It didn't answer within ${sayDuration(env.SUB_AGENT_SECONDS)}, so it was stopped.`,
        };
      }
      if (Date.now() - checkedAt > CHECK_EVERY_MS) {
        // The engine may be out of reach for a while.
        const failed = await watch(now).catch(() => undefined);
        if (failed !== undefined) return { failed };
        checkedAt = Date.now();
      }
      await Promise.race([pause(LOOK_EVERY_MS), new Promise<void>((resolve) => (look = resolve))]);
    }
  } finally {
    signal?.removeEventListener("abort", stopped);
    if (!signal?.aborted) await pause(LAST_WORDS_MS);
    over.abort();
    await forwarding;
  }
}

/** A run that lives stays; a dead one, or none, is replaced. The key keeps every chat to its own places. */
function startRun({ id, chatId }: SubAgent): Promise<unknown> {
  return startSession({ chatId: id, triggerConfig: { concurrencyKey: chatId } });
}

async function sendTo(id: string, send: Exchange["send"]): Promise<void> {
  const payload =
    send === "decided"
      ? { chatId: id, trigger: "action" as const, action: { type: "decided" } }
      : {
          chatId: id,
          trigger: "submit-message" as const,
          message: {
            id: send.ask,
            role: "user" as const,
            parts: [{ type: "text" as const, text: send.task }],
          },
        };
  await sessions.open(id).in.send({ kind: "message", payload });
}

/** Whether a turn of the chat that died had sent it. News can come twice. */
async function wasAsked(subAgent: SubAgent, send: Exchange["send"]): Promise<boolean> {
  if (send === "decided") return false;
  const isKnown = messagesOf(subAgent).some(({ id }) => id === send.ask);
  return isKnown || (await inputOf(subAgent, send)) !== undefined;
}

async function inputOf(
  { id, lastInEventId }: SubAgent,
  send: Exchange["send"],
): Promise<InRecord | undefined> {
  const records = await readInput(id, lastInEventId);
  return records.findLast(({ trigger, message }) =>
    send === "decided" ? trigger === "action" : (message as { id?: string } | undefined)?.id === send.ask,
  );
}

function deadlineOf({ askedAt }: SubAgent, send: Exchange["send"]): number {
  // A person may have taken days to decide.
  const from = send === "decided" ? Date.now() : (askedAt?.getTime() ?? Date.now());
  return from + env.SUB_AGENT_SECONDS * 1_000;
}

/** Looks at its run, and replaces one that died. Returns why the exchange has failed. */
function watchRun(subAgent: SubAgent, send: Exchange["send"]) {
  const dead = new Set<string | undefined>();
  let wasGivenUp = false;
  return async (now: SubAgent): Promise<string | undefined> => {
    const failure = await givenUp(now, send);
    // Its end may be on the stream a moment before it is in the row.
    if (failure !== undefined && wasGivenUp) return failure;
    wasGivenUp = failure !== undefined;
    const run = await currentRun(subAgent.id);
    if (run?.isAlive) return undefined;
    if (run?.hasCrashed) dead.add(run.id);
    if (dead.size >= MAX_DEATHS) return `Its worker died ${MAX_DEATHS} times in a row.`;
    await startRun(subAgent);
    return undefined;
  };
}

/** The turn that should have answered has ended without being saved: the engine has given it up. */
async function givenUp(subAgent: SubAgent, send: Exchange["send"]): Promise<string | undefined> {
  const [input, output] = await Promise.all([
    inputOf(subAgent, send),
    readOutput(subAgent.id, subAgent.lastOutEventId),
  ]);
  const answered = output.findLast(({ turnEnd }) => turnEnd)?.turnEnd?.answered;
  const asked = input?.seq ?? Number(subAgent.lastInEventId ?? Number.NaN);
  if (answered === undefined || !(answered >= asked)) return undefined;
  const error = output.findLast(({ chunk }) => chunk?.type === "error")?.chunk;
  return error?.type === "error" ? error.errorText : "It ended without an answer.";
}

function sayDuration(seconds: number): string {
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}
