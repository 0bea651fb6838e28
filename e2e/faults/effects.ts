/** The worker dies around a side effect. What counts is the back office: how often it was really done. */
import { bankFailures } from "@/e2e/support/bank";
import { newChatId, readAnswer, savedTranscript, type TestPage } from "@/e2e/support/page";
import { listEffects, settleEffect } from "@/lib/chat/effects/outcomes";
import { createChat } from "@/lib/chat/tree/queries";
import { effectFault, type EffectMoment } from "./effect-moments";
import { count, PATIENCE_MS, pause, random, stuck, verdict, within, type Fault, type Verdict } from "./fault";
import type { Lab } from "./lab";

type Tool = {
  name: string;
  /** What the person asks for; the subject makes it the trial's own. */
  question: (subject: string) => string;
  subject: (random: string) => string;
  kind: string;
  field: string;
  done: RegExp;
};

export const refund: Tool = {
  name: "refund",
  question: (order) => `Refund 4 EUR of order ${order}.`,
  subject: (digits) => `A-${digits}`,
  kind: "refund",
  field: "orderId",
  done: /^I refunded/m,
};

const mail: Tool = {
  name: "sendEmail",
  question: (to) => `Email ${to} that the parcel is on its way.`,
  subject: (digits) => `reader-${digits}@example.com`,
  kind: "mail",
  field: "to",
  done: /^I sent the email/m,
};

export const NOT_KNOWN = /^I don't know how/m;

/** What is counted here is how often; how soon a broken turn heals, the other families say. */
export const TURN_MS = 4 * PATIENCE_MS;

export const effectFaults: Array<Fault<Lab>> = [
  effectTrial("effects: killed before, not in the ledger yet", refund, "called"),
  effectTrial("effects: killed before, in the ledger", refund, "begun"),
  effectTrial("effects: killed during", refund, "happened"),
  effectTrial("effects: killed after", refund, "recorded"),
  effectTrial("effects: killed before, idempotency key", mail, "begun"),
  effectTrial("effects: killed during, idempotency key", mail, "happened"),
  effectTrial("effects: killed from outside at any moment", refund, undefined),
  ...bankFailures.map((failure) => effectTrial(`effects: booked, then ${failure}`, refund, failure)),
];

function effectTrial(name: string, tool: Tool, moment: EffectMoment | undefined): Fault<Lab> {
  return {
    name,
    trials: 50,
    parallel: 4,
    async run(lab, seed) {
      const chatId = newChatId();
      const subject = tool.subject(String(Date.now() % 1_000_000) + String(seed).padStart(4, "0"));
      const times = () => timesDone(lab, tool, subject);
      const { userId } = lab.site;
      await createChat(lab.db, { id: chatId, userId });
      // Nobody is there to approve it.
      await lab.db.toolPermission.create({ data: { chatId, tool: tool.name, grantedBy: userId } });
      if (moment) await lab.arm(effectFault(moment, subject));

      const page = lab.open(chatId);
      const asked = page.ask(tool.question(subject));
      if (!moment) void killAtAnyMoment(lab, chatId, seed);
      const first = await textOf(lab, chatId, asked);
      if (moment && lab.isArmed(effectFault(moment, subject))) throw new Error("The fault did not strike");
      if (first === undefined) return stuck("the turn never ended");

      const result: Verdict = {
        ...verdict(),
        counts: { none: 0, once: 0, twice: 0, unknown: 0, "once in the end": 0 },
      };
      const early = await times();
      const isUnknown = NOT_KNOWN.test(first);
      count(result, early === 0 ? "none" : early === 1 ? "once" : "twice");
      if (isUnknown) count(result, "unknown");
      // Said to be done without being so, or the other way round.
      if (!isUnknown && (early !== 1 || !tool.done.test(first))) {
        result.lost += 1;
        result.notes.push(`${chatId}: done ${early} times, and the answer is "${first}"`);
      }
      if (isUnknown && isBankFailure(moment)) {
        // Before anybody has looked: it stays unknown, and nothing happens a second time.
        const again = await textOf(lab, chatId, page.retry());
        if (again === undefined) return stuck("the answer after that never ended");
        if (!NOT_KNOWN.test(again)) result.notes.push(`${chatId}: unknown, and then "${again}"`);
      }
      if (isUnknown) await settle(lab, chatId, early > 0);

      // Whatever has been: asked once more for the answer, it is there, and nothing happens a second time.
      const last = await textOf(lab, chatId, page.retry());
      if (last === undefined) return stuck("the answer after that never ended");
      const late = await times();
      if (late === 1) count(result, "once in the end");
      if (late > 1) result.doubled += late - 1;
      if (late === 0 || !tool.done.test(last)) result.lost += 1;
      if (late !== 1 || !tool.done.test(last))
        result.notes.push(`${chatId}: done ${late} times in the end, and the answer is "${last}"`);
      await lab.retire(chatId);
      return result;
    },
  };
}

function isBankFailure(moment: EffectMoment | undefined): boolean {
  return bankFailures.some((failure) => failure === moment);
}

/** How often the back office really did it. */
export function timesDone({ db }: Lab, { kind, field }: Tool, subject: string): Promise<number> {
  return db.demoEntry.count({ where: { kind, data: { path: [field], equals: subject } } });
}

/** What a person does who was told that it may have happened: looks, and says so. */
async function settle(lab: Lab, chatId: string, happened: boolean): Promise<void> {
  const [effect] = await listEffects(lab.db, chatId);
  const { amount, currency, orderId } = effect!.input as Record<string, unknown>;
  await settleEffect(
    lab.db,
    { chatId, key: effect!.key },
    happened
      ? { outcome: "happened", output: { amount, currency, orderId, refundId: "found by hand" } }
      : { outcome: "did-not-happen" },
    lab.site.userId,
  );
}

async function killAtAnyMoment(lab: Lab, chatId: string, seed: number): Promise<void> {
  const { between } = random(seed);
  await pause(between(0, 1_500));
  // There may be no worker yet.
  for (let tries = 0; tries < 200 && !(await lab.killWorker(chatId).catch(() => false)); tries++)
    await pause(between(1, 50));
}

/** What the answer says once it is whole and saved; undefined when that takes too long. */
async function textOf(
  lab: Lab,
  chatId: string,
  stream: ReturnType<TestPage["ask"]>,
): Promise<string | undefined> {
  const answer = await within(stream.then(readAnswer), TURN_MS);
  if (!answer) return undefined;
  await savedTranscript(lab.db, chatId, PATIENCE_MS);
  return answer.text;
}
