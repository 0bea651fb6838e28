import { beforeEach, expect, it, vi } from "vitest";
import { appDatabase } from "@/e2e/support/chat-fixtures";
import { createAttachment } from "@/lib/attachments/attachments";
import { postgresStore } from "@/lib/attachments/postgres-store";
import { createChat } from "@/lib/chat/tree/queries";
import { removeDeleted, sweep, notifyPeople } from "./sweep";

vi.mock("server-only", () => ({}));
/** A webhook that does not answer until it is let go. */
const held: (() => void)[] = [];
const told = vi.fn(() => new Promise<void>((resolve) => void held.push(resolve)));
vi.mock("@/lib/notices/channels", () => ({ requestChannels: () => [{ name: "webhook", notify: told }] }));

const shared = appDatabase();
const bytes = new TextEncoder().encode("Notes");
let chatId: string;
let fileId: string;

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

it("lets what nobody decided expire while a webhook does not answer", async () => {
  await shared.db.chat.update({ where: { id: chatId }, data: { deletedAt: null } });
  const row = { chatId, messageId: "m", tool: "refund", kind: "approval", title: "?", input: {} };
  const soon = new Date(Date.now() + 500);
  await shared.db.humanRequest.create({ data: { ...row, toolCallId: "c1", expiresAt: null } });
  await shared.db.humanRequest.create({ data: { ...row, toolCallId: "c2", expiresAt: soon } });
  const telling = notifyPeople();
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2));
  await vi.waitFor(async () => {
    expect(await sweep()).toBe(true);
    const due = await shared.db.humanRequest.findFirstOrThrow({ where: { chatId, toolCallId: "c2" } });
    expect(due.state).toBe("expired");
  }, 5_000);
  for (const letGo of held) letGo();
  await shared.db.humanRequest.deleteMany({ where: { chatId } });
  expect(await telling).toBe(true);
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
