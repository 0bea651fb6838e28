import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient } from "@/e2e/support/engine-client";
import { deleteChat, deleteEverything, restoreChat, sweepDeletedChats } from "@/lib/chat/chats/changes";
import { createChat } from "@/lib/chat/tree/queries";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { endSessions } from "./end-sessions";

vi.mock("server-only", () => ({}));

const shared = testDatabase();
let engine: TestEngine;
const { attemptsOf, call, createChat: createSession, say } = engineClient(() => engine);
let chatId: string;

beforeAll(async () => {
  engine = await startTestEngine({ maxWorkers: 500 });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.close();
});
beforeEach(async () => {
  vi.stubEnv("ENGINE_URL", engine.url);
  vi.stubEnv("TRIGGER_SECRET_KEY", TEST_SECRET_KEY);
  await shared.db.sessionEnd.deleteMany();
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const mine = () => ({ chatId, userId: "ada" });
const sessionOf = async (id = chatId) => (await call(`/api/v1/sessions/${id}`)).status;
const append = () => call(`/realtime/v1/sessions/${chatId}/in/append`, { kind: "stop" });
const untold = () => shared.db.sessionEnd.findMany({ select: { chatId: true, forGood: true } });

describe("a deleted chat", () => {
  it("ends its session, and what is told is told once", async () => {
    const session = await createSession(chatId);
    await say(session);
    await deleteChat(shared.db, mine());
    expect(await untold()).toEqual([{ chatId, forGood: false }]);
    await endSessions(shared.db, [chatId]);
    expect(attemptsOf(session)[0]!.canceled).toBe(true);
    expect((await append()).status).toBe(404);
    expect(await untold()).toEqual([]);
  });

  it("ends the sessions of its sub-agents, too", async () => {
    const id = `${chatId}--desk`;
    const sessions = await Promise.all([chatId, id].map((each) => createSession(each)));
    await shared.db.subAgent.create({ data: { id, chatId, name: "Desk" } });
    for (const session of sessions) await say(session);
    await deleteChat(shared.db, mine());
    await endSessions(shared.db, [chatId]);
    for (const session of sessions) expect(attemptsOf(session)[0]!.canceled).toBe(true);
    await shared.db.chat.delete({ where: { id: chatId } });
    expect(await untold()).toEqual(
      expect.arrayContaining([
        { chatId, forGood: true },
        { chatId: id, forGood: true },
      ]),
    );
    await endSessions(shared.db);
    for (const session of sessions) expect(await sessionOf(session.name)).toBe(404);
    expect(await untold()).toEqual([]);
  });

  it("that comes back goes on, and says no more that it is being answered", async () => {
    await createSession(chatId);
    await save(prismaStorage(shared.db), chatId, [put("u1", "Question")], { reason: "turn-start" });
    expect(await shared.db.chat.findUnique({ where: { id: chatId } })).toMatchObject({ status: "running" });
    await deleteChat(shared.db, mine());
    await endSessions(shared.db);
    await restoreChat(shared.db, mine());
    expect(await shared.db.chat.findUnique({ where: { id: chatId } })).toMatchObject({ status: "idle" });
    await createSession(chatId);
    expect((await append()).status).toBe(200);
  });

  it("that comes back before the engine has heard of it loses nothing", async () => {
    const session = await createSession(chatId);
    await deleteChat(shared.db, mine());
    await restoreChat(shared.db, mine());
    await endSessions(shared.db);
    expect(attemptsOf(session)[0]!.canceled).toBe(false);
    expect((await append()).status).toBe(200);
    expect(await untold()).toEqual([]);
  });

  it("is told of as soon as the engine can be reached, and the others are not held up", async () => {
    await createSession(chatId);
    await deleteChat(shared.db, mine());
    vi.stubEnv("ENGINE_URL", "http://127.0.0.1:1");
    await expect(endSessions(shared.db)).rejects.toThrow();
    expect(await untold()).toEqual([{ chatId, forGood: false }]);
    vi.stubEnv("ENGINE_URL", engine.url);
    await endSessions(shared.db);
    expect((await append()).status).toBe(404);
    expect(await untold()).toEqual([]);
  });
});

describe("a chat that is gone for good", () => {
  it("after the day of undo leaves nothing in the engine", async () => {
    const session = await createSession(chatId);
    await say(session, "a secret");
    await deleteChat(shared.db, mine());
    await endSessions(shared.db);
    expect(await sessionOf()).toBe(200);
    await shared.db
      .$executeRaw`UPDATE "Chat" SET "deletedAt" = now() - interval '25 hours' WHERE id = ${chatId}`;
    expect(await sweepDeletedChats(shared.db)).toEqual([chatId]);
    expect(await untold()).toEqual([{ chatId, forGood: true }]);
    await endSessions(shared.db);
    expect(await sessionOf()).toBe(404);
    expect((await call(`/api/v3/runs/${session.runId}`)).status).toBe(404);
    expect(await untold()).toEqual([]);
  });

  it("with everything else of its owner is gone at once, also one that was only deleted", async () => {
    const other = crypto.randomUUID();
    await createChat(shared.db, { id: other, userId: "ada" });
    const sessions = await Promise.all([chatId, other].map((id) => createSession(id)));
    await deleteChat(shared.db, mine());
    const { chatIds } = await deleteEverything(shared.db, "ada");
    await endSessions(shared.db, chatIds);
    for (const { name } of sessions) expect(await sessionOf(name)).toBe(404);
    for (const session of sessions) expect(attemptsOf(session)[0]!.canceled).toBe(true);
  });

  it("is noted whatever removed its row", async () => {
    await shared.db.user.create({ data: { id: "eve", name: "Eve", email: "eve@example.com" } });
    const id = crypto.randomUUID();
    await createChat(shared.db, { id, userId: "eve" });
    await shared.db.user.delete({ where: { id: "eve" } });
    expect(await untold()).toEqual([{ chatId: id, forGood: true }]);
  });
});
