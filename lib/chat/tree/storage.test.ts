import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTranscriptStorageTests } from "@trigger.dev/sdk/ai/test";
import type { TranscriptChange, TranscriptStorage } from "@trigger.dev/sdk/ai";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { query, withDatabase } from "@/e2e/support/test-database";
import {
  anyMoves,
  anySaves,
  branchModel,
  changesBetween,
  pathIds,
  reachable,
  shape,
} from "@/e2e/support/tree-properties";
import { createDb, type Db } from "@/lib/db/client";
import { startPostgres } from "@/lib/db/embedded-postgres";
import { migrate } from "@/prisma/migrate";
import { loadTranscript } from "./queries";
import { prismaStorage } from "./storage";
import { applyChanges, emptyTree, type TreeNode } from "./tree";

const shared = testDatabase();
let chatId: string;
let storage: TranscriptStorage;

beforeEach(async () => {
  storage = prismaStorage(shared.db);
  chatId = await newChat();
});

async function newChat(): Promise<string> {
  const { id } = await shared.db.chat.create({ data: { id: `chat-${crypto.randomUUID()}`, userId: "ada" } });
  return id;
}

const chatRow = () => shared.db.chat.findUniqueOrThrow({ where: { id: chatId } });
const loaded = async (id = chatId) => (await storage.load({ chatId: id, clientData: undefined })).messages;
const shown = async (id = chatId) => (await loaded(id)).map((row) => row.id);
const entries = (...ids: string[]) => ({
  entries: ids.map((id) => ({ id, final: true, message: message(id) })),
  state: null,
});

async function storedNodes(id = chatId): Promise<TreeNode[]> {
  const rows = await shared.db.message.findMany({ where: { chatId: id }, orderBy: { order: "asc" } });
  return rows.map((row) => ({
    ...row,
    message: row.message as unknown as TreeNode["message"],
    removed: row.removedAt !== null,
  }));
}

/** The conformance suite names its chats itself; the product makes the row before the session starts. */
function withRows(inner: TranscriptStorage): TranscriptStorage {
  return {
    load: (scope, options) => inner.load(scope, options),
    async save(context, changeset) {
      await shared.db.chat.createMany({
        data: [{ id: context.chatId, userId: "ada" }],
        skipDuplicates: true,
      });
      await inner.save(context, changeset);
    },
  };
}

// Its types ask for jest's or vitest's own globals.
runTranscriptStorageTests(() => withRows(prismaStorage(shared.db)), {
  api: { describe, it, expect } as never,
});

describe("the tree in the database", () => {
  it("is the tree in memory, for any sequence of saves, each of them sent twice", async () => {
    await fc.assert(
      fc.asyncProperty(anySaves, async (saves) => {
        const id = await newChat();
        const tree = emptyTree();
        for (const changes of saves) {
          for (const _ of ["once", "again"]) {
            applyChanges(tree, changes);
            await save(storage, id, changes);
          }
          expect(await shown(id)).toEqual(pathIds(tree));
        }
        expect(shape(await storedNodes(id))).toEqual(shape(tree.nodes.values()));
      }),
      { numRuns: 40 },
    );
  });

  it("never loses a branch that was shown, whatever a person does", async () => {
    await fc.assert(
      fc.asyncProperty(anyMoves, async (moves) => {
        const id = await newChat();
        const model = branchModel();
        for (const move of moves) {
          const changes = changesBetween(model.shown(), model.play(move));
          await save(storage, id, changes, { transcript: entries(...model.shown()) });
          expect(await shown(id)).toEqual(model.shown());
        }
        const branches = reachable(await storedNodes(id));
        for (const branch of model.seen())
          if (branch.length > 0) expect(branches).toContain(branch.join(" "));
      }),
      { numRuns: 40 },
    );
  });

  it("keeps the branch that a message came from when it is put under another parent", async () => {
    await save(storage, chatId, [put("u1"), put("a1"), put("u2"), put("a2")]);
    await save(storage, chatId, [{ op: "truncateAfter", afterId: "u1" }, put("u2"), put("a2", "elsewhere")]);
    expect(await shown()).toEqual(["u1", "u2", "a2"]);
    expect((await loaded())[2]).toEqual(message("a2", "elsewhere"));
    await save(storage, chatId, [put("a2", "again")]);
    expect((await loaded())[2]).toEqual(message("a2", "again"));

    await save(storage, chatId, [{ op: "truncateAfter", afterId: "u1" }, put("a1"), put("u2"), put("a2")]);
    expect(await shown()).toEqual(["u1", "a1", "u2", "a2"]);
    expect((await loaded())[3]).toEqual(message("a2"));
    expect(await storedNodes()).toHaveLength(6);
  });

  it("keeps every row when all messages of the branch are removed", async () => {
    await save(storage, chatId, [put("u1"), put("a1")]);
    await save(storage, chatId, [
      { op: "remove", id: "u1" },
      { op: "remove", id: "a1" },
    ]);
    expect(await shown()).toEqual([]);
    expect(await chatRow()).toMatchObject({ headId: null });
    expect((await storedNodes()).map((node) => [node.id, node.removed])).toEqual([
      ["u1", false],
      ["a1", false],
    ]);
    await save(storage, chatId, [put("u2")]);
    expect(await shown()).toEqual(["u2"]);
  });

  it("pages through a long branch and starts the next page at once", async () => {
    const ids = Array.from({ length: 120 }, (_, index) => `${index % 2 ? "a" : "u"}${index}`);
    await save(
      storage,
      chatId,
      ids.map((id) => put(id)),
    );
    const pages: string[][] = [];
    let before: string | undefined;
    do {
      const page = await storage.load(
        { chatId, clientData: undefined },
        { limit: 50, ...(before ? { before } : {}) },
      );
      pages.unshift(page.messages.map((row) => row.id));
      before = page.nextCursor;
    } while (before);
    expect(pages.map((page) => page.length)).toEqual([20, 50, 50]);
    expect(pages.flat()).toEqual(ids);
    expect(
      (await storage.load({ chatId, clientData: undefined }, { limit: 50, before: "never" })).messages,
    ).toEqual([]);
  });
});

describe("the cost of a save", () => {
  // Its own database, because PostgreSQL counts what everybody does in one.
  const quiet = testDatabase();

  it("is the nodes it needs and no more, however large the tree is", async () => {
    await quiet.db.chat.create({ data: { id: chatId, userId: "ada" } });
    vi.stubEnv("DATABASE_POOL_SIZE", "1");
    const one = createDb(quiet.url);
    const counted = prismaStorage(one);
    await save(
      counted,
      chatId,
      Array.from({ length: 3_000 }, (_, index) => put(`${index % 2 ? "a" : "u"}${index}`)),
    );
    vi.unstubAllEnvs();

    const before = await rowsRead(one);
    await save(counted, chatId, [put("u-next")], {
      reason: "turn-start",
      transcript: entries("a2999", "u-next"),
    });
    await save(counted, chatId, [put("a-next")], { transcript: entries("a2999", "u-next", "a-next") });
    await save(counted, chatId, [{ op: "truncateAfter", afterId: "u-next" }, put("a-again")], {
      transcript: entries("u-next", "a-again"),
    });
    await loadTranscript(one, chatId, { limit: 10 });
    const read = (await rowsRead(one)) - before;
    await one.$disconnect();
    expect(read).toBeGreaterThan(10);
    expect(read).toBeLessThan(100);
  });

  /** Rows of `Message` that scans have fetched, as PostgreSQL counts them; on one connection, which flushes its own. */
  async function rowsRead(one: Db): Promise<number> {
    await one.$queryRaw`SELECT pg_stat_force_next_flush()::text`;
    const [row] = await one.$queryRaw<[{ n: bigint }]>`
      SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) AS n FROM pg_stat_user_tables WHERE relname = 'Message'`;
    return Number(row.n);
  }
});

describe("what a save says about the chat", () => {
  it("titles it after the first line of the first question, once", async () => {
    await save(storage, chatId, [put("u1", `  ${"Long ".repeat(30)}\nsecond line`)], {
      reason: "turn-start",
    });
    const { title } = await chatRow();
    expect(title).toHaveLength(80);
    expect(title).toMatch(/^Long Long .*…$/);
    await save(storage, chatId, [put("u2", "Another")]);
    expect((await chatRow()).title).toBe(title);
  });

  it.each([
    ["turn-start", "running"],
    ["turn-complete", "idle"],
    ["turn-error", "failed"],
    ["action", "idle"],
  ] as const)("after %s it is %s", async (reason, status) => {
    await save(storage, chatId, [put("u1")], { reason });
    expect((await chatRow()).status).toBe(status);
  });

  it("moves cursors that come without changes: what they cover left no trace, and must not be replayed", async () => {
    await save(storage, chatId, [put("u1")], { cursors: { lastOutEventId: "4", lastInEventId: "1" } });
    await save(storage, chatId, [], {
      reason: "turn-error",
      cursors: { lastOutEventId: "9", lastInEventId: "2" },
    });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "9", lastInEventId: "2", headId: "u1" });
  });

  it("refuses a chat without a row, at once and by name", async () => {
    await expect(save(storage, "chat-unknown", [put("u1")])).rejects.toThrow(/There is no chat chat-unknown/);
    expect(await shared.db.chat.findUnique({ where: { id: "chat-unknown" } })).toBeNull();
  });

  it("is all or nothing", async () => {
    await save(storage, chatId, [put("u1")], { cursors: { lastOutEventId: "4" } });
    const before = await chatRow();
    // An id too long for its index fails in the middle of the save.
    const tooLong = Array.from({ length: 300 }, () => crypto.randomUUID()).join("");
    await expect(
      save(storage, chatId, [put("a1"), put(tooLong)], { cursors: { lastOutEventId: "8" } }),
    ).rejects.toThrow();
    expect(await chatRow()).toEqual(before);
    expect(await shown()).toEqual(["u1"]);
  });
});

describe("an old run's late save", () => {
  const old = { id: "run_old", createdAt: new Date("2026-01-01T10:00:00Z") };
  const young = { id: "run_young", createdAt: new Date("2026-01-01T10:05:00Z") };

  it("never moves cursors back, nor the head, and replaces nothing complete", async () => {
    await save(storage, chatId, [put("u1")], { run: old, reason: "turn-start", transcript: entries("u1") });
    await save(storage, chatId, [put("a2", "whole")], {
      run: young,
      cursors: { lastOutEventId: "60", lastInEventId: "1" },
      transcript: entries("u1", "a2"),
    });
    await save(storage, chatId, [put("a1", "cut", false), put("a2", "stale")], {
      run: old,
      reason: "turn-error",
      cursors: { lastOutEventId: "45", lastInEventId: "1" },
      transcript: entries("u1", "a1", "a2"),
    });
    expect(await chatRow()).toMatchObject({
      headId: "a2",
      lastOutEventId: "60",
      status: "idle",
      runId: "run_young",
    });
    expect((await loaded())[1]).toEqual(message("a2", "whole"));
    // What it wrote is kept, as a branch of the question.
    expect((await storedNodes()).find((node) => node.id === "a1")).toMatchObject({
      parentId: "u1",
      final: false,
    });
  });

  it("does not come between a newer run's question and answer, though it was saved first", async () => {
    await save(storage, chatId, [put("u1")], { run: old, reason: "turn-start", transcript: entries("u1") });
    await save(storage, chatId, [put("a1", "cut", false)], {
      run: old,
      reason: "turn-error",
      cursors: { lastOutEventId: "45" },
      transcript: entries("u1", "a1"),
    });
    await save(storage, chatId, [put("a2")], {
      run: young,
      cursors: { lastOutEventId: "60" },
      transcript: entries("u1", "a2"),
    });
    expect(await shown()).toEqual(["u1", "a2"]);
  });

  it("keeps a newer run's cursor when that run still carries the one it booted with", async () => {
    await save(storage, chatId, [put("u1")], {
      run: old,
      cursors: { lastOutEventId: "45" },
      transcript: entries("u1"),
    });
    await save(storage, chatId, [put("u2")], {
      run: young,
      reason: "turn-start",
      cursors: { lastOutEventId: "30" },
      transcript: entries("u1", "u2"),
    });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "45", headId: "u2", status: "running" });
  });

  it("lets a newer run count from the start again when the stream was made anew", async () => {
    await save(storage, chatId, [put("u1")], {
      run: old,
      cursors: { lastOutEventId: "500", lastInEventId: "80" },
      transcript: entries("u1"),
    });
    await save(storage, chatId, [put("u2"), put("a2")], {
      run: young,
      cursors: { lastOutEventId: "7", lastInEventId: "0" },
      transcript: entries("u2", "a2"),
    });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "7", lastInEventId: "0" });
    expect(await shown()).toEqual(["u1", "u2", "a2"]);
  });

  it("counts from the start again from such a run's first question on", async () => {
    await save(storage, chatId, [put("u1")], {
      run: old,
      cursors: { lastOutEventId: "500", lastInEventId: "80" },
      transcript: entries("u1"),
    });
    await save(storage, chatId, [put("u2")], {
      run: young,
      reason: "turn-start",
      transcript: entries("u1", "u2"),
    });
    expect(await chatRow()).toMatchObject({ lastOutEventId: null, lastInEventId: null, headId: "u2" });
    await save(storage, chatId, [put("a2")], {
      run: young,
      cursors: { lastOutEventId: "7", lastInEventId: "0" },
      transcript: entries("u1", "u2", "a2"),
    });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "7", lastInEventId: "0", status: "idle" });
    expect(await shown()).toEqual(["u1", "u2", "a2"]);
  });

  it("compares cursors as numbers, and without runs keeps the larger", async () => {
    await save(storage, chatId, [put("u1")], { cursors: { lastOutEventId: "100", lastInEventId: "9" } });
    await save(storage, chatId, [put("a1")], { cursors: { lastOutEventId: "99", lastInEventId: "10" } });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "100", lastInEventId: "9", headId: "u1" });
    await save(storage, chatId, [put("a1")], { cursors: { lastOutEventId: "101", lastInEventId: "10" } });
    expect(await chatRow()).toMatchObject({ lastOutEventId: "101", lastInEventId: "10", headId: "a1" });
  });

  it("turns a whole answer partial only when its turn went on", async () => {
    await save(storage, chatId, [put("u1"), put("a1", "whole")], { cursors: { lastOutEventId: "10" } });
    await save(storage, chatId, [put("a1", "cut", false)], {
      reason: "turn-error",
      cursors: { lastOutEventId: "10" },
    });
    expect((await loaded())[1]).toEqual(message("a1", "whole"));
    // A tool was answered, the turn went on in the same message, and was stopped.
    await save(storage, chatId, [put("a1", "whole and more", false)], { cursors: { lastOutEventId: "20" } });
    const transcript = await loadTranscript(shared.db, chatId);
    expect(transcript?.messages[1]).toEqual(message("a1", "whole and more"));
    expect(transcript?.nonFinalIds).toEqual(["a1"]);
  });

  it("leaves a partial answer partial when a reader comes back to it, or asks something after it", async () => {
    await save(storage, chatId, [put("u1"), put("a1", "cut", false)]);
    const partial = async () => (await loadTranscript(shared.db, chatId))?.nonFinalIds;
    // The runtime has no word for a partial message in its history: it puts all of them as whole.
    await save(storage, chatId, [put("u1"), put("a1", "cut")], { reason: "action" });
    expect(await partial()).toEqual(["a1"]);
    await save(storage, chatId, [put("a1", "cut"), put("u2")], { reason: "turn-start" });
    expect(await partial()).toEqual(["a1"]);
    await save(storage, chatId, [put("a1", "whole"), put("u2")]);
    expect(await partial()).toEqual([]);
  });
});

describe("what PostgreSQL would not take", () => {
  it("stores NUL and lone surrogates without them, and everything else as it is", async () => {
    const text = "be\u0000fore \ud800 after 💥 \u0001";
    const changes: TranscriptChange[] = [
      put("u1", text),
      { op: "state", value: { v: 1, ["k\u0000ey"]: [text, { __proto__: null, "\udc00": 1 }] } },
    ];
    await save(storage, chatId, changes);
    expect((await loaded())[0]).toEqual(message("u1", "before \ufffd after 💥 \u0001"));
    const { state } = await storage.load({ chatId, clientData: undefined });
    expect(state).toEqual({ v: 1, key: ["before \ufffd after 💥 \u0001", { "\ufffd": 1 }] });
    await save(storage, chatId, [{ op: "state", value: null }]);
    expect((await chatRow()).state).toBeNull();
  });

  it("stores a message of 1 MB", async () => {
    const text = "0123456789abcdef".repeat(65_536);
    await save(storage, chatId, [put("u1"), put("a1", text)]);
    expect((await loaded())[1]).toEqual(message("a1", text));
  });
});

describe("when saves meet or the database goes away", () => {
  // Lost connections are logged as warnings.
  beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
  afterEach(() => vi.mocked(console.warn).mockRestore());

  it("serialises saves of one chat, so none is lost", async () => {
    await save(storage, chatId, [put("u0")]);
    const ids = Array.from({ length: 30 }, (_, index) => `a${index + 1}`);
    await Promise.all(ids.map((id) => save(storage, chatId, [put(id)])));
    expect((await shown()).toSorted()).toEqual(["u0", ...ids].toSorted());
    expect((await storedNodes()).map((node) => node.order)).toEqual(
      Array.from({ length: 31 }, (_, index) => index),
    );
  });

  it("tries again after a deadlock, a lost connection and a server that is starting", async () => {
    const failures = ["40P01", "57P01", "57P03"];
    const flaky = shared.db.$extends({
      query: {
        $queryRaw({ args, query: run }) {
          const code = failures.shift();
          if (code) throw Object.assign(new Error("injected"), { code });
          return run(args);
        },
      },
    });
    await save(prismaStorage(flaky as unknown as Db), chatId, [put("u1")]);
    expect(failures).toEqual([]);
    expect(await shown()).toEqual(["u1"]);
  });

  it("gives up at once on what does not pass, and after its time on what does", async () => {
    let calls = 0;
    const broken = (code: string) =>
      shared.db.$extends({
        query: {
          $queryRaw() {
            calls++;
            throw Object.assign(new Error("injected"), { code });
          },
        },
      }) as unknown as Db;
    await expect(save(prismaStorage(broken("23514")), chatId, [put("u1")])).rejects.toThrow("injected");
    expect(calls).toBe(1);

    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const late = save(prismaStorage(broken("57P03")), chatId, [put("u1")]);
      vi.setSystemTime(Date.now() + 31_000);
      await expect(late).rejects.toThrow(
        new RegExp(`Saving chat ${chatId} failed .* Check that PostgreSQL is running`),
      );
    } finally {
      vi.useRealTimers();
    }
  });

  describe("with a PostgreSQL that restarts", () => {
    it("saves what was said meanwhile, and the process lives on", async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "holdfast-restart-"));
      const dir = path.join(folder, "postgres");
      let postgres = await startPostgres({ dir });
      await migrate(postgres.url);
      const restarted = createDb(postgres.url);
      await restarted.user.create({ data: { id: "ada", name: "ada", email: "ada@example.com" } });
      await restarted.chat.create({ data: { id: chatId, userId: "ada" } });
      const patient = prismaStorage(restarted);
      await save(patient, chatId, [put("u1")]);

      await postgres.stop();
      const during = save(patient, chatId, [put("a1")], { transcript: entries("u1", "a1") });
      const reading = patient.load({ chatId, clientData: undefined });
      await new Promise((resolve) => setTimeout(resolve, 500));
      postgres = await startPostgres({ dir, port: postgres.port });
      await during;
      expect((await reading).messages.length).toBeGreaterThan(0);
      const transcript = await loadTranscript(restarted, chatId);
      expect(transcript?.messages.map((row) => row.id)).toEqual(["u1", "a1"]);

      await restarted.$disconnect();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    });
  });

  describe("with connections that are cut", () => {
    it("saves everything once, whichever of its connections die when", async () => {
      const victim = createDb(shared.url);
      const cut = prismaStorage(victim);
      let done = false;
      const killer = (async () => {
        while (!done) {
          await query(
            withDatabase(shared.url, "postgres"),
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname = '${new URL(shared.url).pathname.slice(1)}'`,
          );
          await new Promise((resolve) => setTimeout(resolve, 15));
        }
      })();
      let line: string[] = [];
      for (let turn = 0; turn < 30; turn++) {
        const id = `${turn % 2 ? "a" : "u"}${turn}`;
        line = [...line, id];
        await save(cut, chatId, [put(id)], {
          transcript: entries(...line),
          cursors: { lastOutEventId: String(turn) },
        });
      }
      done = true;
      await killer;
      await victim.$disconnect();
      const fresh = createDb(shared.url);
      const transcript = await loadTranscript(fresh, chatId, { limit: 100 });
      await fresh.$disconnect();
      expect(transcript?.messages.map((row) => row.id)).toEqual(line);
      expect(transcript?.cursors).toEqual({ lastOutEventId: "29" });
    });
  });
});
