import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { createAttachment } from "./attachments/attachments";
import { postgresStore } from "./attachments/postgres-store";
import { createChat } from "./chat/queries";
import { db as appDb } from "./db";
import { removeDeleted } from "./sweep";

vi.mock("server-only", () => ({}));

const shared = testDatabase();
const bytes = new TextEncoder().encode("Notes");
let chatId: string;
let fileId: string;

beforeAll(() => {
  vi.stubEnv("DATABASE_URL", shared.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await appDb.$disconnect();
});

/** Deleted the day before yesterday: a chat, and the file that it has. */
beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  const file = { userId: "ada", name: "notes.txt", bytes };
  fileId = (await createAttachment(shared.db, postgresStore(shared.db), file)).id;
  await shared.db.chatAttachment.create({ data: { chatId, attachmentId: fileId } });
  const before = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  await shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: before } });
  await shared.db.attachment.update({ where: { id: fileId }, data: { createdAt: before } });
});

it("removes for good a chat that was deleted, and then the files that only it had", async () => {
  expect(await removeDeleted()).toBe(true);
  expect(await shared.db.chat.count({ where: { id: chatId } })).toBe(0);
  expect(await shared.db.attachment.count({ where: { id: fileId } })).toBe(0);
  expect(await postgresStore(shared.db).get(fileId)).toBeNull();
});

it("says once that it could not, and does it when it can", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubEnv("ATTACHMENT_STORE", "a shoebox");
  expect([await removeDeleted(), await removeDeleted()]).toEqual([false, false]);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]).toContainEqual(expect.stringContaining('ATTACHMENT_STORE is "a shoebox"'));
  vi.stubEnv("ATTACHMENT_STORE", "");
  expect(await removeDeleted()).toBe(true);
  expect(await shared.db.attachment.count({ where: { id: fileId } })).toBe(0);
  warn.mockRestore();
});
