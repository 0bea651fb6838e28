/** Both cores belong to somebody else, and many people begin a chat at once: all of them are answered, some later. */
import { spawn, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { counted, newChatId, readAnswer, savedTranscript } from "@/e2e/support/page";
import {
  add,
  count,
  judgeText,
  PATIENCE_MS,
  pause,
  verdict,
  within,
  type Fault,
  type Verdict,
} from "./fault";
import { countedLines, type Lab } from "./lab";

/** As long as the load lasts at most; a load that nobody ends ends itself a little later. */
const LOAD_MS = 240_000;
const TO = 5;
const QUESTION = `count to ${TO}`;

/** After the load: those that still wait take their turns, a few at a time. */
const REST_MS = 6 * PATIENCE_MS;

export const busyFaults: Array<Fault<Lab>> = [busy(60, 1), busy(12, 2)];

function busy(chats: number, trials: number): Fault<Lab> {
  return {
    name: `${chats} new chats while every core is busy`,
    trials,
    async run(lab) {
      const load = startLoad();
      const chatIds = Array.from({ length: chats }, newChatId);
      const answers = chatIds.map(async (chatId) => {
        const answer = await readAnswer(await lab.open(chatId).ask(QUESTION));
        // Who has been answered reads on; the worker goes, as it does when others wait for its place.
        await savedTranscript(lab.db, chatId, LOAD_MS).catch(() => {});
        await lab.retire(chatId);
        return answer;
      });
      for (const answer of answers) answer.catch(() => {}); // Looked at below.
      const result = verdict();
      try {
        await within(Promise.allSettled(answers), LOAD_MS);
        for (const [index, chatId] of chatIds.entries())
          add(result, await judgeNow(lab, chatId, answers[index]!));
      } finally {
        for (const process of load) process.kill("SIGKILL");
      }
      const ends = await within(Promise.allSettled(answers), REST_MS);
      if (!ends) return add(result, { ...verdict(), stuck: 1, notes: ["not all of them were answered"] });
      for (const [index, end] of ends.entries()) {
        const where = `chat ${index + 1}`;
        const text = end.status === "fulfilled" ? end.value.text : `broke off: ${String(end.reason)}`;
        add(result, judgeText(text, counted(TO), where));
        add(result, await lab.judgeSaved(chatIds[index]!, countedLines([QUESTION, TO])));
      }
      return result;
    },
  };
}

/** While the cores are still busy: answered, or seen to wait for a worker. Anything else is lost. */
async function judgeNow(lab: Lab, chatId: string, answer: Promise<unknown>): Promise<Verdict> {
  const result = verdict();
  const settled = await Promise.race([answer.then(() => true, String), pause(0)]);
  const status = settled === undefined ? await lab.runStatus(chatId) : undefined;
  if (settled === true) count(result, "answered");
  else if (status === "QUEUED") count(result, "queued");
  else if (status === "EXECUTING") count(result, "answering");
  else {
    result.lost = 1;
    result.notes.push(`${chatId} is neither answered nor queued: ${settled ?? status ?? "no run"}`);
  }
  return result;
}

function startLoad(): ChildProcess[] {
  const script = `for (const until = Date.now() + ${LOAD_MS + REST_MS}; Date.now() < until; );`;
  return Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ["-e", script], { stdio: "ignore" }),
  );
}
