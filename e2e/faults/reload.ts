import { newChatId } from "@/e2e/support/page";
import { add, pause, random, verdict, type Fault, type Verdict } from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

const TO = 40;

/** The reader leaves and comes back, at every moment there is. */
export const reloadFaults: Array<Fault<Lab>> = [
  {
    name: "reload at every chunk boundary",
    // Each of them reloads at every one of some 45 chunks.
    trials: 3,
    async run(lab, seed) {
      const { pick } = random(seed);
      const question = `count to ${TO} at ${pick([10, 20, 40])} ms`;
      const wanted = countedLines(["count to 3", 3], [question, TO]);
      const result = verdict();
      const chatId = newChatId();
      const page = lab.open(chatId);
      add(result, await judgeAnswer(page.ask("count to 3"), 3));
      const reloads: Array<Promise<Verdict>> = [];
      const asking = page.ask(question);
      const first = await judgeAnswer(asking, TO, {
        onChunk: (seen) => void reloads.push(lab.judgeShown(chatId, wanted, `reload at chunk ${seen}`)),
      });
      add(result, first);
      // The turn is over for the reader before it is saved.
      for (const wait of [0, 10, 30, 100]) {
        await pause(wait);
        reloads.push(lab.judgeShown(chatId, wanted, `reload ${wait} ms after the end`));
      }
      for (const seen of await Promise.all(reloads)) add(result, seen);
      add(result, await lab.judgeSaved(chatId, wanted));
      await lab.retire(chatId);
      return result;
    },
  },
];
