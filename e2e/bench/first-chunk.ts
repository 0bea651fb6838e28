import type { Bench } from "./support/bench";
import { counting, type Answer } from "./support/answer";
import { pause } from "./support/clock";
import type { Row } from "./support/report";
import { figure } from "./support/statistics";

/** Without a pause of the model: all of it is ours. */
const IMMEDIATE = counting(3, 0);
const THINKING = counting(1, 400);
const CHATS = 10;
const EVE_SEND_TO_MODEL_MS = 3_500;

type Ask = () => Promise<Answer>;

export const firstChunk: Bench = {
  name: "first-chunk",
  about: "from Send to the first piece of the answer",
  async run(stage, { rounds }) {
    const [ours, cold, plain] = await Promise.all([
      stage.engine("ours"),
      stage.engine("cold"),
      stage.plain(),
    ]);
    const times: Record<string, number[]> = {};
    const toModel: Record<string, number[]> = {};
    const noteModel = async (name: string, page: { modelCalledAfterMs(): Promise<number> }) => {
      (toModel[name] ??= []).push(await page.modelCalledAfterMs());
    };
    const note = async (name: string, ask: Ask) => {
      const answer = await ask();
      if (!answer.isWhole) throw new Error(`${name}: the answer was ${JSON.stringify(answer.text)}`);
      (times[name] ??= []).push(answer.firstChunkMs);
    };
    await plain.open().ask(IMMEDIATE);
    for (const engine of [ours, cold]) await engine.open().ask(IMMEDIATE);
    await ours.open().headStart(IMMEDIATE);

    for (let chat = 0; chat < CHATS; chat += 1) {
      await ours.spareIsReady();
      const waited = ours.open();
      await waited.preload();
      await ours.spareIsReady();
      await note("preloaded", () => waited.ask(IMMEDIATE));
      await waited.saved();
      await noteModel("preloaded", waited);

      await ours.spareIsReady();
      const begun = ours.open();
      await note("head start", () => begun.headStart(IMMEDIATE));
      await begun.saved();
      await noteModel("head start", begun);
      await ours.spareIsReady();

      const fresh = ours.open();
      await note("warm", () => fresh.ask(IMMEDIATE));
      await fresh.saved();
      await noteModel("warm", fresh);
      // Booting the next spare would slow down whatever is measured beside it.
      await ours.spareIsReady();
      const unready = cold.open();
      await note("cold", () => unready.ask(IMMEDIATE));
      await unready.saved();
      await noteModel("cold", unready);

      const page = plain.open();
      await note("plain new", () => page.ask(IMMEDIATE));
      for (let turn = 0; turn < rounds; turn += 1) {
        await note("second", () => fresh.ask(IMMEDIATE));
        await fresh.saved();
        await note("plain second", () => page.ask(IMMEDIATE));
        await pause(20);
      }
      if (chat % 2 === 0) {
        await note("thinking", () => fresh.ask(THINKING));
        await fresh.saved();
        await note("plain thinking", () => page.ask(THINKING));
        await ours.spareIsReady();
        const slow = ours.open();
        await note("thinking head start", () => slow.headStart(THINKING));
        await slow.saved();
      }
    }
    await ours.endRuns();
    await cold.endRuns();

    const row = (what: string, name: string, other: string, budget: Row["budget"]): Row => ({
      what,
      unit: "ms",
      ours: figure(times[name]!),
      others: [{ name: "plain", figure: figure(times[other]!) }],
      ...(budget && { budget }),
      note: `first-chunk: medians of ${CHATS} new chats; the transport speaks to the engine without Next in between`,
    });
    return [
      row("new chat, preloaded", "preloaded", "plain new", { limit: 1.3, of: "ratio" }),
      row("new chat, head start", "head start", "plain new", { limit: 1.3, of: "ratio" }),
      row("new chat, head start, 400 ms model", "thinking head start", "plain thinking", {
        limit: 1.3,
        of: "ratio",
      }),
      row("new chat, warm pool", "warm", "plain new", { limit: 2, of: "ratio" }),
      row("new chat, cold", "cold", "plain new", { limit: 8, of: "ratio" }),
      ...Object.entries(toModel).map(([name, ms]): Row => ({
        what: `send to model step, ${name}`,
        unit: "ms",
        ours: figure(ms),
        others: [{ name: "eve, as its users report", figure: figure([EVE_SEND_TO_MODEL_MS]) }],
      })),
      row("second turn", "second", "plain second", { limit: 25, of: "difference" }),
      row("second turn, 400 ms model", "thinking", "plain thinking", { limit: 1.08, of: "ratio" }),
    ];
  },
};
