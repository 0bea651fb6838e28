/**
 * A stop and the run it is meant for may come up in any order. The real agent in real workers, over HTTP; the records
 * are appended one after the other, so nothing here depends on how fast the machine is.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { messageText } from "@/lib/chat/message";
import { createChat, loadTranscript } from "@/lib/chat/tree/queries";
import type { Db } from "@/lib/db/client";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { counted, newChatId, openPage, readAnswer } from "../support/page";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
const startSession = chatSdk.createStartSessionAction("chat");
let place: EnginePlace | undefined;
let engine: EngineProcess;
let db: Db;
let chatId: string;

beforeAll(async () => {
  place = await startEnginePlace();
  ({ db, engine } = place);
});

afterAll(() => place?.close());

/** A chat whose first run is on its way up. */
beforeEach(async () => {
  chatId = newChatId();
  await createChat(db, { id: chatId, userId });
  await startSession({ chatId });
});

const stop = (id = chatId) => sessions.open(id).in.send({ kind: "stop" });
const say = (id: string, text: string, chat = chatId) =>
  sessions.open(chat).in.send({
    kind: "message",
    payload: {
      chatId: chat,
      trigger: "submit-message",
      message: { id, role: "user", parts: [{ type: "text", text }] },
    },
  });

/** What is saved as soon as that many questions are, and nothing is being written. */
async function settled(questions: number, id = chatId) {
  return vi.waitFor(
    async () => {
      const transcript = (await loadTranscript(db, id))!;
      expect(transcript.status).not.toBe("running");
      const asked = transcript.messages.filter(({ role }) => role === "user");
      expect(asked).toHaveLength(questions);
      return transcript;
    },
    { timeout: 80_000, interval: 50 },
  );
}

const answersOf = ({ messages }: Awaited<ReturnType<typeof settled>>) =>
  messages.flatMap((message) => (message.role === "assistant" ? [messageText(message)] : []));

it("is heard by a run that boots after it, and by no later turn", async () => {
  await say("u1", "count to 400 at 20 ms");
  await stop();
  await say("u2", "count to 3");
  const transcript = await settled(2);
  expect(transcript.status).toBe("idle");
  const answers = answersOf(transcript);
  expect(answers.at(-1)).toBe(counted(3));
  // At most a word or two of what was stopped.
  for (const torso of answers.slice(0, -1)) expect(torso).not.toContain(" 9 ");
});

it("is heard whenever it comes in the first moments of a chat", { timeout: 90_000 }, async () => {
  await Promise.all(
    [0, 300, 900, 1_500].map(async (delay) => {
      const id = newChatId();
      await createChat(db, { id, userId });
      await startSession({ chatId: id });
      await say("u1", "count to 400 at 20 ms", id);
      await pause(delay);
      await stop(id);
      expect(answersOf(await settled(1, id)).join()).not.toContain("399");
    }),
  );
});

it("that is older than its question stops nothing", async () => {
  await stop();
  await say("u1", "count to 4");
  expect(answersOf(await settled(1))).toEqual([counted(4)]);
});

it("that comes after the end of an answer stops nothing later", async () => {
  const page = openPage({ db, userId, engineUrl: engine.url }, chatId);
  await readAnswer(await page.ask("count to 2"));
  await settled(1);
  await stop();
  await say("u2", "count to 5");
  expect(answersOf(await settled(2)).at(-1)).toBe(counted(5));
});

it("is heard by the run that takes over from one that was killed in mid-answer", async () => {
  const page = openPage({ db, userId, engineUrl: engine.url }, chatId);
  const stream = await page.ask("count to 400 at 20 ms");
  const reader = stream.getReader();
  for (let seen = 0; seen < 10; seen++) await reader.read();
  expect(engine.killWorkers()).toBeGreaterThan(0);
  await stop();
  await reader.cancel();
  const transcript = await settled(1);
  expect(transcript.status).toBe("idle");
  expect(answersOf(transcript).join()).not.toContain("399");
});
