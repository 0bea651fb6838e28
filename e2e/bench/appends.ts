import { AppendInput, AppendRecord, S2 } from "@s2-dev/streamstore";
import type { Bench } from "./support/bench";
import { now } from "./support/clock";
import type { Engine } from "./support/engine";
import { figure, percentile } from "./support/statistics";

const WRITERS = 10;
const RECORDS_PER_APPEND = 3;
const IN_FLIGHT = 8;
const ROUND_MS = 1_500;

export const appends: Bench = {
  name: "appends",
  about: "records that are stored, committed and acknowledged",
  async run(stage, { rounds }) {
    const engine = await stage.engine("ours");
    const page = engine.open();
    await page.preload();
    const perSecond: number[] = [];
    const acknowledged: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const names = Array.from({ length: WRITERS }, (_, writer) => `bench-${round}-${writer}`);
      const from = now();
      const counts = await Promise.all(
        names.map((name) => write(engine, page.chatId, name, from + ROUND_MS)),
      );
      const seconds = (now() - from) / 1_000;
      perSecond.push(counts.reduce((sum, count) => sum + count, 0) / seconds);
      for (const [index, name] of names.entries())
        await expectWhole(engine, page.chatId, name, counts[index]!);
      acknowledged.push(await oneByOne(engine, page.chatId, `single-${round}`));
    }
    await engine.endRuns();
    return [
      {
        what: `records per second, ${WRITERS} writers of ${RECORDS_PER_APPEND}`,
        unit: "/s",
        ours: figure(perSecond),
      },
      { what: "one append to its acknowledgement, p50", unit: "ms", ours: figure(acknowledged) },
    ];
  },
};

/** As a worker writes: over HTTP/2, several batches under way. Returns how many records were acknowledged. */
async function write(engine: Engine, chatId: string, channel: string, until: number): Promise<number> {
  const session = await (await streamOf(engine, chatId, channel)).appendSession();
  let submitted = 0;
  const lane = async () => {
    while (now() < until) {
      const records = Array.from({ length: RECORDS_PER_APPEND }, () => record(submitted++));
      const ticket = await session.submit(AppendInput.create(records));
      await ticket.ack();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  await session.close();
  return submitted;
}

async function oneByOne(engine: Engine, chatId: string, channel: string): Promise<number> {
  const session = await (await streamOf(engine, chatId, channel)).appendSession();
  const times: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const from = now();
    await (await session.submit(AppendInput.create([record(index)]))).ack();
    times.push(now() - from);
  }
  await session.close();
  return percentile(times, 0.5);
}

function record(number: number) {
  const data = { type: "text-delta", id: "0", delta: ` ${number}` };
  return AppendRecord.string({ body: JSON.stringify({ data, id: `r${number}` }) });
}

async function streamOf(engine: Engine, chatId: string, channel: string) {
  const given = await fetch(`${engine.url}/realtime/v1/sessions/${chatId}/channels/${channel}/out`, {
    method: "PUT",
    headers: { authorization: `Bearer ${engine.secretKey}` },
  });
  const get = (name: string) => given.headers.get(`x-s2-${name}`)!;
  const endpoint = get("endpoint");
  const s2 = new S2({ accessToken: get("access-token"), endpoints: { account: endpoint, basin: endpoint } });
  return s2.basin(get("basin")).stream(get("stream-name"));
}

async function expectWhole(engine: Engine, chatId: string, channel: string, count: number): Promise<void> {
  const answer = await fetch(`${engine.url}/realtime/v1/sessions/${chatId}/channels/${channel}/out/records`, {
    headers: { authorization: `Bearer ${engine.secretKey}` },
  });
  const { records } = (await answer.json()) as { records: { seqNum: number; data: { delta: string } }[] };
  const isWhole =
    records.length === count &&
    records.every(({ seqNum, data }, index) => seqNum === index && data.delta === ` ${index}`);
  if (!isWhole) throw new Error(`${channel} holds ${records.length} records, not 0 to ${count - 1} in order`);
}
