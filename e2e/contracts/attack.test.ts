/** What `npm run attack` does, in small: the real engine and the agent, one person with many chats and streams. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Db } from "@/lib/db/client";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { counted, mint, newChatId, openPage, readAnswer, type Site } from "../support/page";
import type { EngineProcess } from "../support/processes";

const CHATS = 8;
const STREAMS = 60;

let place: EnginePlace | undefined;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  place = await startEnginePlace({
    people: ["attacker", "somebody"],
    env: { ENGINE_MAX_WORKERS: "4", ENGINE_MAX_WORKERS_PER_PERSON: "2", LIMIT_STREAMS: "10" },
  });
  ({ db, engine } = place);
});

afterAll(() => place?.close());

const siteOf = (userId: string): Site => ({ db, userId, engineUrl: engine.url });

/** How many of these chats have a run that has begun. */
async function begun(chats: string[]): Promise<number> {
  const states = await Promise.all(
    chats.map(async (chatId) => {
      const response = await fetch(`${engine.url}/api/v1/sessions/${chatId}`, {
        headers: { authorization: `Bearer ${engine.secretKey}` },
      });
      return ((await response.json()) as { currentRun: { status: string } | null }).currentRun?.status;
    }),
  );
  return states.filter((status) => status !== "QUEUED").length;
}

it("somebody else is answered while one person's chats still wait for each other, and their streams are refused", async () => {
  const chats = Array.from({ length: CHATS }, newChatId);
  for (const chatId of chats) {
    const page = openPage(siteOf("attacker"), chatId, { concurrencyKey: "attacker" });
    await page.ask("count to 1000 at 20 ms");
  }
  const token = await mint(chats[0]!);
  const opened = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const abort = new AbortController();
      const { status } = await fetch(`${engine.url}/realtime/v1/sessions/${chats[0]}/out`, {
        headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
        signal: abort.signal,
      });
      return { status, close: () => abort.abort() };
    }),
  );
  expect(opened.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(10);
  expect(opened.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(STREAMS - 10);

  const other = openPage(siteOf("somebody"), newChatId(), { concurrencyKey: "somebody" });
  const answer = await readAnswer(await other.ask("count to 5"));
  expect(answer).toMatchObject({ text: counted(5), errors: [] });
  // Two at a time: the others are still in line.
  expect(await begun(chats)).toBeLessThanOrEqual(2);
  for (const { close } of opened) close();
}, 120_000);
