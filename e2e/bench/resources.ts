import type { Bench } from "./support/bench";
import { counting } from "./support/answer";
import { pause } from "./support/clock";
import type { Engine } from "./support/engine";
import { figure } from "./support/statistics";
import { cpuMs, cpuMsWithChildren, proportionalMb } from "./support/system";

const CHUNKS = counting(999, 4);
const IDLE_MS = 4_000;

export const resources: Bench = {
  name: "resources",
  about: "memory of a run that waits, processor time of one that writes",
  async run(stage, { rounds }) {
    if (process.platform !== "linux") throw new Error("it reads /proc, which only Linux has");
    const [ours, flush100, plain, postgres] = await Promise.all([
      stage.engine("ours"),
      stage.engine("flush-100"),
      stage.plain(),
      stage.postgres(),
    ]);
    const pages = [ours.open({ task: "stamped" }), flush100.open({ task: "stamped" })] as const;
    const plainPage = plain.open();
    const workers: number[] = [];
    for (const [index, page] of pages.entries()) {
      await page.ask(counting(3, 0));
      await page.saved();
      workers.push(await (index === 0 ? ours : flush100).workerOf(page.chatId));
    }
    const idleRuns = [workers[0]!];
    for (let chat = 0; chat < 2; chat += 1) {
      const page = ours.open();
      await page.ask(counting(3, 0));
      await page.saved();
      idleRuns.push(await ours.workerOf(page.chatId));
    }
    await ours.spareIsReady();
    const memory = idleRuns.map(proportionalMb);
    const engineMemory = proportionalMb(ours.pid);

    const idle: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = cpuMs(ours.pid);
      await pause(IDLE_MS);
      idle.push(((cpuMs(ours.pid) - before) / IDLE_MS) * 100);
    }

    const spent: Record<string, number[]> = {};
    const note = (name: string, ms: number) => (spent[name] ??= []).push(ms);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, engine] of [ours, flush100].entries()) {
        const clocks = () => [cpuMs(workers[index]!), cpuMs(engine.pid), cpuMsWithChildren(postgres.pid)];
        const before = clocks();
        await answered(pages[index]!, "ours");
        await pages[index]!.saved();
        const [worker, own, database] = clocks().map((ms, clock) => ms - before[clock]!);
        note(index === 0 ? "ours" : "100 ms flush", worker! + own! + database!);
        if (index > 0) continue;
        note("worker", worker!);
        note("engine", own!);
        note("postgres", database!);
      }
      const before = cpuMs(plain.pid);
      await answered(plainPage, "plain");
      note("plain", cpuMs(plain.pid) - before);
    }
    await Promise.all([ours.endRuns(), flush100.endRuns()]);
    const row = (what: string, name: string) => ({ what, unit: "ms" as const, ours: figure(spent[name]!) });
    const other = (name: string) => ({ name, figure: figure(spent[name]!) });
    return [
      {
        what: "an idle run, PSS of its process",
        unit: "MB",
        ours: figure(memory),
        note: "resources: a run that waits keeps its process for a minute of wakefulness and up to five parked, then it is given back",
      },
      { what: "the engine, PSS with three idle runs", unit: "MB", ours: figure([engineMemory]) },
      {
        what: "the engine, processor with three idle runs",
        unit: "%",
        ours: figure(idle),
        budget: { limit: 1, of: "ours" },
      },
      {
        ...row("processor for 1,000 chunks, all processes", "ours"),
        others: [other("plain"), other("100 ms flush")],
      },
      row("  of it the worker", "worker"),
      row("  of it the engine", "engine"),
      row("  of it PostgreSQL", "postgres"),
    ];
  },
};

async function answered(page: Pick<ReturnType<Engine["open"]>, "ask">, name: string): Promise<void> {
  const answer = await page.ask(CHUNKS);
  if (!answer.isWhole) throw new Error(`${name}: the answer is not the script's`);
}
