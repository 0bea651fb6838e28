import type { Bench } from "./support/bench";
import { counting, type Answer, type Script } from "./support/answer";
import type { Row } from "./support/report";
import { figure, percentile } from "./support/statistics";

/** Twenty-five pieces a second, as the large models give them. */
const SCRIPT = counting(49, 40);
const CROWDS = [1, 10, 25];

type Chat = { ask(script: Script): Promise<Answer> };

export const chunkDelay: Bench = {
  name: "chunk-delay",
  about: "from the model to the browser's transport, piece by piece",
  async run(stage, { rounds }) {
    const [ours, flush100, plain] = await Promise.all([
      stage.engine("ours"),
      stage.engine("flush-100"),
      stage.plain(),
    ]);
    const most = Math.max(...CROWDS);
    const crowds: Record<string, Chat[]> = {
      ours: Array.from({ length: most }, () => ours.open({ task: "stamped" })),
      plain: Array.from({ length: most }, () => plain.open()),
      "100 ms flush": Array.from({ length: most }, () => flush100.open({ task: "stamped" })),
    };
    // Every chat has its worker before the watch is started.
    for (const chats of Object.values(crowds)) await inGroups(chats, 5, (chat) => chat.ask(counting(3, 5)));

    const rows: Row[] = [];
    for (const crowd of CROWDS) {
      const p50: Record<string, number[]> = {};
      const p99: Record<string, number[]> = {};
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, chats] of Object.entries(crowds)) {
          const answers = await Promise.all(chats.slice(0, crowd).map((chat) => chat.ask(SCRIPT)));
          const torn = answers.find((answer) => !answer.isWhole);
          if (torn) throw new Error(`${name}: an answer was ${JSON.stringify(torn.text)}`);
          const delays = answers.flatMap((answer) => answer.delays);
          (p50[name] ??= []).push(percentile(delays, 0.5));
          (p99[name] ??= []).push(percentile(delays, 0.99));
        }
      }
      const chats = crowd === 1 ? "1 chat" : `${crowd} chats`;
      rows.push(row(`${chats}, p50`, p50, crowd === 1 ? 6 : undefined));
      rows.push(row(`${chats}, p99`, p99, crowd === 1 ? 25 : undefined));
    }
    await Promise.all([ours.endRuns(), flush100.endRuns()]);
    return rows;
  },
};

function row(what: string, samples: Record<string, number[]>, limit: number | undefined): Row {
  const other = (name: string) => ({ name, figure: figure(samples[name]!) });
  return {
    what,
    unit: "ms",
    ours: figure(samples["ours"]!),
    others: [other("plain"), other("100 ms flush")],
    ...(limit !== undefined && { budget: { limit, of: "ours" as const } }),
    note: "chunk-delay: 25 pieces a second per chat; all readers are in one process, which shares the cores with the rest",
  };
}

async function inGroups<T>(items: T[], size: number, work: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += size) {
    await Promise.all(items.slice(from, from + size).map(work));
  }
}
