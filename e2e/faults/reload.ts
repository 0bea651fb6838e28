import { counted, lines, newChatId, readAnswer, type Line } from "@/e2e/support/page";
import {
  add,
  judgeLines,
  pause,
  random,
  verdict,
  within,
  PATIENCE_MS,
  type Fault,
  type Verdict,
} from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

const TO = 40;

/** The reader leaves and comes back, at every moment there is. */
export const reloadFaults: Array<Fault<Lab>> = [
  {
    name: "reload at every chunk boundary",
    // Each of them reloads at every one of some 45 chunks.
    trials: 4,
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
        onChunk: (seen) => void reloads.push(comeBack(lab, chatId, wanted, `reload at chunk ${seen}`)),
      });
      add(result, first);
      // The turn is over for the reader before it is saved.
      for (const wait of [0, 10, 30, 100]) {
        await pause(wait);
        reloads.push(comeBack(lab, chatId, wanted, `reload ${wait} ms after the end`));
      }
      for (const seen of await Promise.all(reloads)) add(result, seen);
      add(result, await lab.judgeSaved(chatId, wanted));
      await lab.retire(chatId);
      return result;
    },
  },
];

/** What is saved and what the stream then brings are together the whole conversation, each message once. */
async function comeBack(lab: Lab, chatId: string, wanted: Line[], where: string): Promise<Verdict> {
  const { transcript, stream } = await lab.reload(chatId);
  const shown = lines(transcript);
  const answer = stream && (await within(readAnswer(stream), PATIENCE_MS));
  if (stream && !answer) return { ...verdict(), stuck: 1, notes: [`${where}: the stream never ended`] };
  const known = new Set(transcript.messages.map((message) => message.id));
  for (const finished of answer?.finished ?? []) {
    if (finished.id && known.has(finished.id)) {
      return { ...verdict(), doubled: 1, notes: [`${where}: ${finished.id} is saved and is streamed again`] };
    }
    shown.push(["assistant", finished.text.trim()]);
  }
  if (answer && answer.finished.length === 0 && answer.text !== "") {
    shown.push(["assistant", `${counted(0)} and so on, unfinished: ${answer.text}`]);
  }
  return judgeLines(shown, wanted, where);
}
