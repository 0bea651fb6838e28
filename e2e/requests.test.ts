/** Waiting for a human with the real SDK against the engine: asked, decided, gone on with, once. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { configure } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDb, type Db } from "@/lib/db";
import { freePort } from "@/lib/embedded-postgres";
import { decideRequest, type Decision } from "@/lib/chat/decisions";
import { deliverDecisions } from "@/lib/chat/deliver";
import { loadTranscript } from "@/lib/chat/queries";
import { listChatRequests, listWaitingRequests } from "@/lib/chat/request-queries";
import { checkInput, checkOutput } from "@/trigger/tools/rules";
import { freshDatabase } from "./support/database";
import {
  lines,
  mint,
  newChatId,
  openPage as openPageOn,
  readAnswer,
  savedTranscript,
  type Site,
} from "./support/page";
import { startEngineProcess, type EngineProcess } from "./support/processes";

const userId = "owner";
let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-requests-"));
  engine = await startEngineProcess({ databaseUrl: database.url, dataDir: folder, port: await freePort() });
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  db = createDb(database.url);
  await db.user.create({ data: { id: userId, name: "Owner", email: "owner@example.com" } });
});

afterAll(async () => {
  await engine?.stop();
  await db?.$disconnect();
  await database?.drop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const site = (): Site => ({ db, userId, engineUrl: engine.url });
const openPage = (chatId: string) => openPageOn(site(), chatId);

/** Asks, and waits until what the answer asks is in the database. */
async function askAndWait(chatId: string, text: string) {
  await readAnswer(await openPage(chatId).ask(text, "q"));
  const transcript = await savedTranscript(db, chatId);
  return { transcript, requests: await listChatRequests(db, chatId) };
}

const decide = (chatId: string, toolCallId: string, decision: Decision) =>
  decideRequest(db, { chatId, toolCallId, userId, decision, via: "card", checkInput, checkOutput });

/** What the page sees of the rest of the answer, and what is saved of it. */
async function goOn(chatId: string) {
  const answer = await readAnswer(await follow(chatId));
  return { answer, transcript: await savedTranscript(db, chatId) };
}

/** Delivers what is decided, and reads on from what is saved. */
async function follow(chatId: string) {
  const { transport } = openPage(chatId);
  const { cursors } = (await loadTranscript(db, chatId))!;
  transport.setSession(chatId, {
    publicAccessToken: await mint(chatId),
    lastEventId: cursors.lastOutEventId!,
    activeInputSeq: Number(cursors.lastInEventId) + 1,
    isStreaming: true,
  });
  await deliverDecisions(db, { chatId });
  const stream = await transport.reconnectToStream({ chatId });
  if (!stream) throw new Error("Nothing is to come");
  return stream;
}

const dune: Decision = { type: "answer", output: { optionIds: ["dune"] } };

describe("a question", () => {
  it("waits in the database, and its answer goes on in the same message", async () => {
    const chatId = newChatId();
    const { transcript, requests } = await askAndWait(chatId, "Ask me something");
    const [asked] = requests;
    expect(requests).toHaveLength(1);
    expect(asked).toMatchObject({
      kind: "question",
      state: "pending",
      tool: "askQuestion",
      onOtherBranch: false,
    });
    expect(asked?.messageId).toBe(transcript.messages[1]?.id);
    expect(await listWaitingRequests(db, userId)).toContainEqual(asked);

    expect(await decide(chatId, asked!.toolCallId, dune)).toMatchObject({ isComplete: true });
    const { answer, transcript: after } = await goOn(chatId);
    expect(answer).toMatchObject({ errors: [], starts: 1, id: transcript.messages[1]?.id });
    expect(answer.text).toContain("you chose **dune**");
    expect(after.messages.map(({ id }) => id)).toEqual(transcript.messages.map(({ id }) => id));
    expect(lines(after)[1]?.[1]).toMatch(
      /^One thing I cannot decide for you\.\s*Noted: you chose \*\*dune\*\*/,
    );
    expect(after.messages[1]?.parts.find((part) => part.type === "tool-askQuestion")).toMatchObject({
      state: "output-available",
      output: { optionIds: ["dune"] },
    });
    expect((await listChatRequests(db, chatId))[0]).toMatchObject({
      state: "answered",
      decidedBy: "Owner",
      decidedVia: "card",
    });
    const checkpoints = await db.checkpoint.findMany({ where: { chatId }, orderBy: { number: "asc" } });
    expect(checkpoints.map(({ kind }) => kind)).toEqual(["partial", "final"]);
  }, 60_000);
});
