/** The worker dies after somebody has approved: what was approved is done at most once, and the answer goes on. */
import { followDecisions, lines, newChatId, readAnswer, savedTranscript } from "@/e2e/support/page";
import { decideRequest } from "@/lib/chat/requests/decide";
import { deliverDecisions } from "@/lib/chat/requests/deliver";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { listChatRequests } from "@/lib/chat/requests/views";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import { effectFault, type EffectMoment } from "./effect-moments";
import { NOT_KNOWN, refund, timesDone, TURN_MS } from "./effects";
import { count, PATIENCE_MS, pause, random, stuck, verdict, within, type Fault, type Verdict } from "./fault";
import type { Lab } from "./lab";

const AN_HOUR_MS = 3_600_000;

export const approvalFaults: Array<Fault<Lab>> = [
  approvalTrial("approved, killed before, not in the ledger yet", "called"),
  approvalTrial("approved, killed before, in the ledger", "begun"),
  approvalTrial("approved, killed during", "happened"),
  approvalTrial("approved, killed after", "recorded"),
  approvalTrial("approved, killed from outside at any moment", undefined),
];

function approvalTrial(name: string, moment: EffectMoment | undefined): Fault<Lab> {
  return {
    name,
    trials: 50,
    parallel: 4,
    async run(lab, seed) {
      const chatId = newChatId();
      const order = `A-${Date.now() % 1_000_000}${String(seed).padStart(4, "0")}`;
      const { site, db } = lab;
      const page = lab.open(chatId);
      const asked = await within(page.ask(`Refund 20 EUR of order ${order}`).then(readAnswer), TURN_MS);
      if (!asked) return stuck("nothing was asked");
      const before = await savedTranscript(db, chatId, PATIENCE_MS);
      const [request] = await listChatRequests(db, chatId);
      if (!request) return stuck("there is no request");

      if (moment) await lab.arm(effectFault(moment, order));
      const { userId } = site;
      const { messageId, toolCallId } = request;
      const decision = { type: "approve" } as const;
      await decideRequest(db, {
        chatId,
        messageId,
        toolCallId,
        userId,
        decision,
        via: "card",
        checkInput,
        checkOutput,
      });
      if (!moment) void killAtAnyMoment(lab, chatId, seed);
      await within(followDecisions(site, chatId).then(readAnswer), TURN_MS);
      let text = await goneOn(lab, chatId, PATIENCE_MS);
      const isLate = text === undefined;
      if (isLate) {
        // Its worker died after the last word, and before the save. The timer that looks after requests notices.
        await deliverDecisions(db, { chatId, now: new Date(Date.now() + AN_HOUR_MS) });
        text = await goneOn(lab, chatId, TURN_MS);
      }
      if (moment && lab.isArmed(effectFault(moment, order))) throw new Error("The fault did not strike");
      if (text === undefined) return stuck(`${chatId} did not go on`);

      const times = await timesDone(lab, refund, order);
      const isUnknown = NOT_KNOWN.test(text);
      const result: Verdict = {
        ...verdict(),
        counts: { none: 0, once: 0, twice: 0, unknown: 0 },
      };
      count(result, times === 0 ? "none" : times === 1 ? "once" : "twice");
      if (isUnknown) count(result, "unknown");
      if (isLate) count(result, "late");
      if (times > 1) result.doubled += times - 1;
      // Said to be done without being so, or the other way round.
      if (!isUnknown && (times !== 1 || !refund.done.test(text))) {
        result.lost += 1;
        result.notes.push(`${chatId}: done ${times} times, and the answer is "${text}"`);
      }
      const after = await savedTranscript(db, chatId, PATIENCE_MS);
      const ids = (messages: { id: string }[]) => messages.map(({ id }) => id).join();
      if (ids(after.messages) !== ids(before.messages)) {
        result.doubled += 1;
        result.notes.push(`${chatId}: went on in another message: ${JSON.stringify(lines(after))}`);
      }
      await lab.retire(chatId);
      return result;
    },
  };
}

/** What the answer says once it has gone on; undefined when that takes too long. */
export async function goneOn({ db }: Lab, chatId: string, patienceMs: number): Promise<string | undefined> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(100)) {
    const transcript = await loadTranscript(db, chatId);
    const text = transcript && lines(transcript).at(-1)?.[1];
    if (text && transcript.status !== "running" && (refund.done.test(text) || NOT_KNOWN.test(text)))
      return text;
  }
  return undefined;
}

async function killAtAnyMoment(lab: Lab, chatId: string, seed: number): Promise<void> {
  await pause(random(seed).between(0, 1_000));
  await lab.killWorker(chatId).catch(() => false);
}
