import type { UIMessageChunk } from "ai";
import { newChatId } from "@/e2e/support/page";
import type { Failpoint } from "@/lib/engine/failpoints";
import { add, pause, random, until, verdict, type Fault, type Verdict } from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

const CHATS = 3;

/** The engine dies, with several chats in the middle of their answers. */
export const engineFaults: Array<Fault<Lab>> = [
  killedAt("engine killed after commit, before acknowledge", "after-commit-before-ack"),
  killedAt("engine killed between commit and fan-out", "between-commit-and-fanout"),
  {
    name: "engine killed in mid-answer",
    trials: 4,
    async run(lab, seed) {
      const { between } = random(seed);
      const at = between(1, 40);
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= at, "the answers have begun");
        await lab.engine.restart();
      });
    },
  },
  {
    name: "two engines on one database",
    trials: 2,
    async run(lab, seed) {
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= 10, "the answers have begun");
        const twin = await lab.startTwin();
        if (!twin.ended || !twin.output.includes("Another engine is already using this database")) {
          throw new Error(`The second engine did not refuse. It said:\n${twin.output}`);
        }
      });
    },
  },
  {
    name: "another engine takes the database over",
    trials: 2,
    async run(lab, seed) {
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= 10, "the answers have begun");
        const thief = await lab.stealLock();
        // An engine that is not alone any more has to leave before it writes another record.
        await until(() => lab.engine.hasExited(), "the first engine leaves");
        await thief.release();
        await lab.engine.restart();
      });
    },
  },
];

function killedAt(name: string, point: Failpoint): Fault<Lab> {
  return {
    name,
    trials: 5,
    async run(lab, seed) {
      const { between, pick } = random(seed);
      // The first append to `.in` is a question; `.out` gets the answer's chunks, then what ends the turn.
      const stream = pick(["/in", "/out", "/out"]);
      const skip = stream === "/in" ? between(0, CHATS - 1) : between(0, 60);
      await lab.arm(point, { stream, skip });
      return severalChats(lab, seed, async () => {
        await until(() => lab.engine.hasExited(), `the engine dies at ${point}`);
        await pause(between(0, 500));
        await lab.engine.restart();
      });
    },
  };
}

/** Some chats that answer at once while `strike` happens; each must end up with its answer, once. */
export async function severalChats(
  lab: Lab,
  seed: number,
  strike: (seen: () => number, chatIds: string[]) => Promise<unknown>,
  { chats = CHATS, to = 40, paceMs = 25 } = {},
): Promise<Verdict> {
  const result = verdict();
  const chatIds = Array.from({ length: chats }, newChatId);
  let deltas = 0;
  const question = `count to ${to} at ${paceMs} ms`;
  const warm = random(seed).pick([true, false]);
  if (warm) {
    const first = chatIds.map((chatId) => judgeAnswer(lab.open(chatId).ask("count to 3"), 3));
    for (const seen of await Promise.all(first)) add(result, seen);
    for (const chatId of chatIds) add(result, await lab.judgeSaved(chatId, countedLines(["count to 3", 3])));
  }
  const onChunk = (_seen: number, chunk: UIMessageChunk) => {
    if (chunk.type === "text-delta") deltas += 1;
  };
  const healed = pause(0).then(() => strike(() => deltas, chatIds));
  const reading = chatIds.map(async (chatId) => {
    const page = warm ? await lab.reload(chatId) : lab.open(chatId);
    return judgeAnswer(page.ask(question), to, { healed, onChunk, where: `the stream of ${chatId}` });
  });
  for (const seen of await Promise.all(reading)) add(result, seen);
  await healed;
  for (const chatId of chatIds) {
    const turns: Array<[string, number]> = [[question, to]];
    if (warm) turns.unshift(["count to 3", 3]);
    add(result, await lab.judgeSaved(chatId, countedLines(...turns)));
    await lab.retire(chatId);
  }
  return result;
}
