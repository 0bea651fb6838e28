import type { Bench } from "./support/bench";
import { counting } from "./support/answer";
import { now, pause } from "./support/clock";
import type { Engine } from "./support/engine";
import { figure, median, percentile } from "./support/statistics";

const READS = 40;

export const resume: Bench = {
  name: "resume",
  about: "a page that is reloaded in mid-answer, from its request to the first replayed byte",
  async run(stage, { rounds }) {
    const engine = await stage.engine("ours");
    const medians: number[] = [];
    const tails: number[] = [];
    const transports: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const page = engine.open();
      const script = counting(250, 10);
      const answer = page.ask(script);
      const times: number[] = [];
      const whole: number[] = [];
      await pause(600);
      for (let read = 0; read < READS; read += 1) times.push(await firstByte(engine, page.chatId));
      for (let read = 0; read < READS / 4; read += 1) whole.push(await firstChunk(engine, page.chatId));
      if (!(await answer).isWhole) throw new Error("The answer that was resumed is not the script's");
      medians.push(median(times));
      tails.push(percentile(times, 0.95));
      transports.push(median(whole));
    }
    await engine.endRuns();
    return [
      { what: "request to first replayed byte, p50", unit: "ms", ours: figure(medians) },
      {
        what: "request to first replayed byte, p95",
        unit: "ms",
        ours: figure(tails),
        budget: { limit: 15, of: "ours" },
      },
      { what: "reconnectToStream to first chunk, p50", unit: "ms", ours: figure(transports) },
    ];
  },
};

/** What a browser's `fetch` sees: the body's first bytes hold the first records of the answer. */
async function firstByte(engine: Engine, chatId: string): Promise<number> {
  const token = await engine.mint(chatId);
  const stop = new AbortController();
  const from = now();
  const response = await fetch(`${engine.url}/realtime/v1/sessions/${chatId}/out`, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", "x-peek-settled": "1" },
    signal: stop.signal,
  });
  const { value } = await response.body!.getReader().read();
  const ms = now() - from;
  stop.abort();
  if (!Buffer.from(value!).toString().includes('"seq_num":'))
    throw new Error("The first bytes hold no record");
  return ms;
}

async function firstChunk(engine: Engine, chatId: string): Promise<number> {
  const { transport } = engine.open({ chatId });
  transport.setSession(chatId, { publicAccessToken: await engine.mint(chatId), activeInputSeq: 0 });
  const from = now();
  const stream = await transport.reconnectToStream({ chatId });
  const reader = stream!.getReader();
  await reader.read();
  const ms = now() - from;
  await reader.cancel();
  transport.dispose();
  return ms;
}
