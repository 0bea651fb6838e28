import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase, put, save } from "@/e2e/support/chat-fixtures";
import { request } from "@/e2e/support/sign-in";
import { deleteChat } from "@/lib/chat/chats/changes";
import { effectKey, runOnce } from "@/lib/chat/effects/ledger";
import { createChat } from "@/lib/chat/tree/queries";
import { createShare } from "@/lib/chat/chats/share";
import { prismaStorage } from "@/lib/chat/tree/storage";

// Stands in for Next and the sign-in: the current user, and work after the response.
vi.mock("server-only", () => ({}));
vi.mock("next/server", () => ({ after: () => {} }));
vi.mock("@/lib/auth", () => import("@/e2e/support/sign-in"));

const shared = appDatabase();
let chatId: string;
let effect: string;
let job: string;

beforeEach(async () => {
  request.user = { id: "ada" };
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await save(prismaStorage(shared.db), chatId, [put("u1", "Question"), put("a1", "Answer")]);
  await createShare(shared.db, { chatId, userId: "ada" });
  const call = { chatId, turn: "u1", tool: "refund", input: {} };
  effect = effectKey(call);
  job = crypto.randomUUID();
  await shared.db.longJob.create({ data: { id: job, chatId, name: "import", total: 10 } });
  await runOnce(shared.db, call, async () => "done");
});

/** Calls a route's GET as Next does. */
async function get(address: string, params: Record<string, string> = {}) {
  const [pathname] = address.split("?");
  const folder = pathname!.split("/").map((part) => (part.startsWith(":") ? `[${part.slice(1)}]` : part));
  const file = path.join(import.meta.dirname, ...folder, "route.ts");
  const { GET } = await import(/* @vite-ignore */ file);
  const response: Response = await GET(new Request(`http://localhost/api${address}`), {
    params: Promise.resolve(params),
  });
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  return { status: response.status, body: await response.json() };
}

/** Every read as its owner sends it. A route that is missing here fails the first test. */
const reads: Record<string, (id: string) => ReturnType<typeof get>> = {
  "chats/route.ts": () => get("/chats?view=active&limit=40"),
  "chats/[id]/route.ts": (id) => get("/chats/:id", { id }),
  "chats/[id]/transcript/route.ts": (id) => get("/chats/:id/transcript", { id }),
  "chats/[id]/requests/route.ts": (id) => get("/chats/:id/requests", { id }),
  "chats/[id]/usage/route.ts": (id) => get("/chats/:id/usage", { id }),
  "chats/[id]/effects/[key]/route.ts": (id) => get("/chats/:id/effects/:key", { id, key: effect }),
  "chats/[id]/jobs/[job]/route.ts": (id) => get("/chats/:id/jobs/:job", { id, job }),
  "me/route.ts": () => get("/me"),
  "requests/route.ts": () => get("/requests"),
  "search/route.ts": () => get("/search?q=Question"),
  "shares/route.ts": (id) => get(`/shares?chat=${encodeURIComponent(id)}`),
};
/** A page has no user until the first key press, but already shows lists. */
const forNewcomers: Record<string, unknown> = {
  "chats/route.ts": { chats: [] },
  "me/route.ts": { userId: null, email: null },
  "requests/route.ts": [],
  "search/route.ts": [],
};
const ofOneChat = Object.entries(reads).filter(
  ([route]) => route.includes("[id]") || route === "shares/route.ts",
);

describe("a read", () => {
  it("is listed here, whichever there is", () => {
    const routes = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
      .filter((file) => path.basename(file) === "route.ts")
      .map((file) => file.split(path.sep).join("/"))
      .filter((file) =>
        /^export (async )?function GET/m.test(readFileSync(path.join(import.meta.dirname, file), "utf8")),
      )
      // Programs read with a key (e2e/contracts/api).
      .filter((file) => !file.startsWith("agent/"));
    expect(routes.toSorted()).toEqual(Object.keys(reads).toSorted());
  });

  it("is no server action: a slow one would make every press of the tab wait", () => {
    const app = path.dirname(import.meta.dirname);
    const actions = readdirSync(app, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => readFileSync(path.join(app, file), "utf8"))
      .filter((code) => code.startsWith('"use server"'))
      .flatMap((code) => [...code.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name!));
    expect(actions).toContain("decideRequest");
    expect(actions.filter((name) => /^(list|find|load|read|search|show|count)/.test(name))).toEqual([]);
  });

  it.each(Object.entries(reads))("%s answers the owner, and asks who is there", async (route, read) => {
    expect(await read(chatId)).toMatchObject({ status: 200 });
    request.user = null;
    expect(await read(chatId)).toEqual(
      route in forNewcomers
        ? { status: 200, body: forNewcomers[route] }
        : {
            status: 401,
            body: { error: "You're signed out. Reload the page to continue.", code: "signed-out" },
          },
    );
  });

  it.each(ofOneChat)("%s finds no foreign, deleted or invalid chat", async (_, read) => {
    const gone = crypto.randomUUID();
    await createChat(shared.db, { id: gone, userId: "ada" });
    await deleteChat(shared.db, { chatId: gone, userId: "ada" });
    const refusals = [];
    for (const [user, id] of [
      ["bob", chatId],
      ["ada", crypto.randomUUID()],
      ["ada", gone],
      ["ada", "no id"],
      ["ada", "x".repeat(200)],
    ] as const) {
      request.user = { id: user };
      refusals.push(await read(id));
    }
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    expect(refusals[0]).toEqual({
      status: 404,
      body: {
        error: "Chat not found. It may have been deleted or belong to someone else.",
        code: "chat-not-found",
      },
    });
  });

  it("shows people only their own data", async () => {
    expect((await get("/chats")).body.chats.map(({ id }: { id: string }) => id)).toContain(chatId);
    expect((await reads["chats/[id]/transcript/route.ts"]!(chatId)).body.messages).toHaveLength(2);
    expect((await reads["chats/[id]/effects/[key]/route.ts"]!(chatId)).body).toBe("happened");
    expect((await get("/shares")).body.length).toBeGreaterThan(0);
    expect((await get("/search?q=Question")).body.length).toBeGreaterThan(0);
    request.user = { id: "bob" };
    const own = crypto.randomUUID();
    await createChat(shared.db, { id: own, userId: "bob" });
    expect((await get("/chats")).body).toEqual({ chats: [] });
    expect((await get("/search?q=Question")).body).toEqual([]);
    expect((await get("/shares")).body).toEqual([]);
    expect((await get("/requests")).body).toEqual([]);
    // Another chat of the same owner can't read it either.
    expect(await get("/chats/:id/effects/:key", { id: own, key: effect })).toMatchObject({ status: 404 });
  });

  it.each([
    ["/chats?view=all", "view"],
    ["/chats?limit=0", "limit"],
    ["/chats?limit=many", "limit"],
    ["/chats?after=%00", "after"],
    ["/shares?chat=a%00b", "chat"],
  ])("%s names what is wrong", async (address, field) => {
    const { status, body } = await get(address);
    expect(status).toBe(400);
    expect(body.error).toContain(`"${field}"`);
  });

  it("takes no message id that the database would choke on", async () => {
    for (const before of ["%00", "x".repeat(201), ""])
      expect(await get(`/chats/:id/transcript?before=${before}`, { id: chatId })).toMatchObject({
        status: 400,
      });
    expect(await get("/search?q=a%00b")).toMatchObject({ status: 200, body: [] });
    expect(await get("/chats/:id/effects/:key", { id: chatId, key: "a\u0000b" })).toMatchObject({
      status: 400,
    });
  });
});
