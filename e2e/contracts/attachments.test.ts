/** A file's way to the model, without a browser: the real engine, the agent, PostgreSQL, the demo model. */
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import type { FileUIPart } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAttachment } from "@/lib/attachments/attachments";
import { attachmentUrl } from "@/lib/attachments/limits";
import { postgresStore } from "@/lib/attachments/postgres-store";
import type { ChatMessage } from "@/lib/chat/message";
import { createChat } from "@/lib/chat/tree/queries";
import type { Db } from "@/lib/db/client";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { mint, newChatId, readAnswer, savedTranscript } from "../support/page";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
let place: EnginePlace | undefined;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  place = await startEnginePlace({ people: [userId, "stranger"] });
  ({ db, engine } = place);
});

afterAll(() => place?.close());

const png = Uint8Array.from([
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  ...Array<number>(12 * 1024 - 8).fill(1),
]);

async function attach(owner: string, name: string, bytes: Uint8Array): Promise<FileUIPart> {
  const row = await createAttachment(db, postgresStore(db), { userId: owner, name, bytes });
  return { type: "file", url: attachmentUrl(row.id), mediaType: row.mediaType, filename: row.name };
}

function openChat(chatId = newChatId()) {
  const transport = new TriggerChatTransport({
    task: "chat",
    baseURL: engine.url,
    accessToken: () => mint(chatId),
    startSession: async () => {
      await createChat(db, { id: chatId, userId });
      return chatSdk.createStartSessionAction("chat")({ chatId });
    },
  });
  const ask = async (text: string, ...files: FileUIPart[]) => {
    const message: ChatMessage = {
      id: crypto.randomUUID(),
      role: "user",
      parts: [...files, ...(text ? [{ type: "text" as const, text }] : [])],
    };
    const stream = await transport.sendMessages({
      trigger: "submit-message",
      chatId,
      messageId: undefined,
      messages: [message],
      abortSignal: undefined,
    });
    return readAnswer(stream);
  };
  return { chatId, ask };
}

it("an image, a text and the words about them reach the model, and the transcript names them", async () => {
  const { chatId, ask } = openChat();
  const image = await attach(userId, "notes.png", png);
  const list = await attach(userId, "tides.csv", new TextEncoder().encode("My city is Bergen\n06:12,high"));
  const first = await ask("My city is Oslo. What is in these?", { ...image, mediaType: "text/html" }, list);
  expect(first.text).toContain("I received an image **notes.png**, 12 KB, image/png.");
  expect(first.text).toContain('the text file **tides.csv**, 28 B, 2 lines. It begins: "My city is Bergen"');
  // The next turn has the picture in its history; what a file says is not what the person said.
  expect((await ask("What have I said?")).text).toContain("1. My city is Oslo. What is in these?");

  const { messages } = await savedTranscript(db, chatId);
  expect(messages[0]?.parts[0]).toMatchObject({ type: "file", url: image.url, mediaType: "image/png" });
  expect(JSON.stringify(messages)).not.toContain("data:");
  expect(await db.chatAttachment.count({ where: { chatId } })).toBe(2);
});

it("a file alone is a message", async () => {
  const { ask } = openChat();
  expect((await ask("", await attach(userId, "alone.png", png))).text).toContain("alone.png");
});

it("a file of somebody else is refused like one that is not there, and the chat goes on", async () => {
  const { chatId, ask } = openChat();
  const foreign = await attach("stranger", "secret.png", png);
  const missing = { ...foreign, url: attachmentUrl(crypto.randomUUID()) };
  for (const file of [foreign, missing]) {
    const { errors, text } = await ask("Show me", file);
    expect(text).toBe("");
    expect(errors).toEqual(['"secret.png" is no longer available. Attach it again and resend the message.']);
  }
  const { errors } = await ask("Fetch this", { ...foreign, url: "http://127.0.0.1:1/secret.png" });
  expect(errors[0]).toContain("not an attachment");
  expect((await ask("count to 3")).text).toBe("0 1 2 3");
  const saved = await savedTranscript(db, chatId);
  expect(JSON.stringify(saved.messages)).not.toContain("secret.png");
});

it("a worker that dies over a picture is followed by one that has it, too", async () => {
  const { ask } = openChat();
  const answer = await ask("Crash the worker", await attach(userId, "storm.png", png));
  expect(answer.errors).toEqual([]);
  expect(answer.text).toContain("a new worker found the question");
});

it("a file that is gone leaves a note for the model, not a chat that cannot go on", async () => {
  const { ask } = openChat();
  const image = await attach(userId, "gone.png", png);
  await ask("Look", image);
  await db.attachmentBytes.deleteMany({ where: { id: image.url.split("/")[2] } });
  expect((await ask("count to 3")).text).toBe("0 1 2 3");
});
