/** Who may call the API, and what a caller is told who may not. */
import { describe, expect, it, vi } from "vitest";
import { createApiKey, listApiKeys, MAX_KEYS, revokeApiKey } from "@/lib/api-keys/keys";
import { scopeNames } from "@/lib/api-keys/scopes";
import { deleteEverything } from "@/lib/chat/chats/changes";
import { exportEverything } from "@/lib/chat/chats/export";
import { operations } from "@/lib/server-chat/operations";
import { apiOnEngine, type OperationName, readEvents, readStream } from "../../support/api/caller";

vi.mock("server-only", () => ({}));

const api = apiOnEngine("embedded", { LIMIT_MESSAGES: "30/60", LIMIT_STREAMS: "2" });

const names = Object.keys(operations) as OperationName[];
const bodies: Partial<Record<OperationName, unknown>> = {
  createChat: { message: { text: "Hello" } },
  sendMessage: { text: "Hello" },
  steer: { text: "Hello" },
  act: { type: "switch", nodeId: "somebody" },
  decideRequest: { type: "skip" },
};
const paramsOf = (id: string) => ({ id, requestId: "message.call" });

async function revoke(token: string): Promise<void> {
  const key = await api.db.apiKey.findFirstOrThrow({ where: { prefix: token.slice(0, 17) } });
  expect(await revokeApiKey(api.db, { id: key.id, userId: key.userId })).toBe(true);
}

describe("a key", () => {
  it("is stored as a hash, shown by its first characters, and its last use is noted", async () => {
    const made = (await createApiKey(api.db, "ada", {
      name: "Nightly report",
      scopes: ["chats:read"],
      expiresInDays: 7,
    }))!;
    expect(made.token).toMatch(/^holdfast_[\w-]{43}$/);
    expect(made.token.startsWith(made.key.prefix)).toBe(true);
    const row = await api.db.apiKey.findUniqueOrThrow({ where: { id: made.key.id } });
    expect(JSON.stringify(row)).not.toContain(made.token.slice(20));
    expect(row.lastUsedAt).toBeNull();
    await api.json("listChats", { key: made.token });
    const [used] = await listApiKeys(api.db, "ada");
    expect(used).toMatchObject({ id: made.key.id, name: "Nightly report", scopes: ["chats:read"] });
    expect(Date.now() - used!.lastUsedAt!.getTime()).toBeLessThan(60_000);
  });

  it("is in the export without what opens anything, and goes with everything else", async () => {
    const token = await api.makeKey("bob");
    let lines = "";
    for await (const piece of exportEverything(api.db, "bob")) lines += piece;
    const keys = lines.split("\n").filter((line) => line.includes('"api-key"'));
    expect(keys).toHaveLength(2);
    expect(lines).not.toContain(token);
    const { tokenHash } = await api.db.apiKey.findFirstOrThrow({ where: { userId: "bob" } });
    expect(lines).not.toContain(tokenHash);
    const temporary = await api.db.user.create({
      data: { id: "eve", name: "Eve", email: "eve@example.com" },
    });
    const eves = await api.makeKey("eve");
    expect(await api.json("listChats", { key: eves })).toMatchObject({ status: 200 });
    await deleteEverything(api.db, "eve");
    expect(await api.json("listChats", { key: eves })).toMatchObject({ status: 401 });
    const another = await api.makeKey("eve");
    await api.db.user.delete({ where: { id: temporary.id } });
    expect(await api.json("listChats", { key: another })).toMatchObject({
      status: 401,
      body: { error: { code: "key-unknown" } },
    });
  });

  it("can't be made without end, and can't be revoked by another person", async () => {
    await api.db.user.create({ data: { id: "kim", name: "Kim", email: "kim@example.com" } });
    for (let made = 0; made < MAX_KEYS; made++) await api.makeKey("kim");
    const key = { name: "One more", scopes: [...scopeNames], expiresInDays: null };
    expect(await createApiKey(api.db, "kim", key)).toBeNull();
    const [first] = await listApiKeys(api.db, "kim");
    expect(await revokeApiKey(api.db, { id: first!.id, userId: "ada" })).toBe(false);
    expect(await revokeApiKey(api.db, { id: first!.id, userId: "kim" })).toBe(true);
    expect(await createApiKey(api.db, "kim", key)).not.toBeNull();
  });
});

describe.each(names)("%s", (name) => {
  it("refuses a caller without a valid key, and says why", async () => {
    const id = await api.newChat();
    // Wrong keys are counted by address.
    const address = { "x-forwarded-for": `10.0.0.${names.indexOf(name)}` };
    const ask = ({ headers, ...options }: { key?: string | null; headers?: Record<string, string> }) =>
      api.json(name, {
        params: paramsOf(id),
        body: bodies[name],
        headers: { ...address, ...headers },
        ...options,
      });
    const refused = (code: string) => ({ status: 401, body: { error: { code } } });
    expect(await ask({ key: null })).toMatchObject(refused("key-missing"));
    expect(await ask({ key: null, headers: { cookie: "better-auth.session_token=x" } })).toMatchObject(
      refused("key-missing"),
    );
    expect(await ask({ key: null, headers: { authorization: "Basic YTpi" } })).toMatchObject(
      refused("key-malformed"),
    );
    expect(await ask({ key: "holdfast_short" })).toMatchObject(refused("key-malformed"));
    expect(await ask({ key: `holdfast_${"a".repeat(43)}` })).toMatchObject(refused("key-unknown"));
    const expired = await api.makeKey("ada");
    await api.db.apiKey.updateMany({
      where: { prefix: expired.slice(0, 17) },
      data: { expiresAt: new Date(Date.now() - 1000) },
    });
    expect(await ask({ key: expired })).toMatchObject(refused("key-expired"));
    await revoke(expired);
    expect(await ask({ key: expired })).toMatchObject(refused("key-revoked"));
  });

  it("needs its scope, and finds no chat of another person", async () => {
    const id = await api.newChat();
    const { scope } = operations[name];
    const others = await api.makeKey(
      "ada",
      scopeNames.filter((each) => each !== scope),
    );
    const options = { params: paramsOf(id), body: bodies[name] };
    const lacking = await api.json(name, { ...options, key: others });
    expect(lacking).toMatchObject({ status: 403, body: { error: { code: "scope-missing" } } });
    expect(lacking.body["error"].message).toContain(scope);
    await revoke(others);
    if (!operations[name].path.includes("{id}")) return;
    for (const [key, chat] of [
      [api.key("bob"), id],
      [api.key("ada"), crypto.randomUUID()],
      [api.key("ada"), "session_of_the_engine"],
      [api.key("ada"), "no id\u0000"],
    ] as const)
      expect(await api.json(name, { params: paramsOf(chat), body: bodies[name], key })).toMatchObject({
        status: 404,
        body: { error: { code: "chat-not-found" } },
      });
  });
});

const TOO_LONG = "x".repeat(100_001);

const A_FILE_OF_NOBODY = { type: "file", url: "http://10.0.0.1/", mediaType: "text/plain" };

describe("a body", () => {
  it.each([
    ["sendMessage", "text", {}, "Send either"],
    ["sendMessage", "text", { text: "" }, "Write something"],
    ["sendMessage", "text", { text: "  " }, "empty"],
    ["sendMessage", "text", { text: TOO_LONG }, "too long"],
    ["sendMessage", "id", { text: "x", id: "steer-mine" }, "letters"],
    ["sendMessage", "text", { text: "x", parts: [{ type: "text", text: "x" }] }, "either"],
    ["sendMessage", "role", { text: "x", role: "system" }, ""],
    ["sendMessage", "parts", { parts: [A_FILE_OF_NOBODY] }, ""],
    ["createChat", "id", { id: "session_mine" }, "session_"],
    ["createChat", "model", { model: "gpt-none" }, "available"],
    ["createChat", "message.text", { message: { text: 5 } }, ""],
    ["act", "type", { type: "delete" }, ""],
    ["act", "text", { type: "edit", nodeId: "x" }, ""],
    ["steer", "parts", { text: "x", parts: [] }, ""],
    ["decideRequest", "via", { type: "approve", via: "card" }, ""],
  ] as const)("%s with a wrong %s is refused, and the field is named", async (name, field, body, words) => {
    const id = await api.newChat();
    const refused = await api.json(name, { params: paramsOf(id), body });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "invalid", field } } });
    expect(refused.body["error"].message).toContain(words);
    expect(await api.db.message.count({ where: { chatId: id } })).toBe(0);
  });

  it("that isn't JSON, is too large or too deep is refused", async () => {
    const id = await api.newChat();
    const send = (body: string) => api.json("sendMessage", { params: { id }, body });
    expect(await send("text=Hello")).toMatchObject({
      status: 400,
      body: { error: { code: "invalid-json" } },
    });
    expect(await send("[1,2]")).toMatchObject({ status: 400, body: { error: { code: "invalid" } } });
    expect(await send("x".repeat(1024 * 1024 + 1))).toMatchObject({
      status: 413,
      body: { error: { code: "too-large" } },
    });
    expect(await send(`${"[".repeat(200)}${"]".repeat(200)}`)).toMatchObject({ status: 400 });
  });

  it.each([
    ["followChat", { after: "yesterday" }, "after"],
    ["followChat", { as: "xml" }, "as"],
    ["sendMessage", { wait: "soon" }, "wait"],
    ["listChats", { limit: "-1" }, "limit"],
    ["readChat", { everything: "true" }, "everything"],
    ["listRequests", { state: "old" }, "state"],
  ] as const)("%s ?%j is refused, and the parameter is named", async (name, query, field) => {
    const id = await api.newChat();
    const body = bodies[name];
    expect(
      await api.json(name, { params: paramsOf(id), query, ...(body !== undefined && { body }) }),
    ).toMatchObject({
      status: 400,
      body: { error: { code: "invalid", field } },
    });
  });
});

describe("while an answer is being written", () => {
  const slow = { text: "count to 3000 at 20 ms" };

  it("a revoked key ends the stream with its reason, and not the answer", async () => {
    const id = await api.newChat();
    const key = await api.makeKey("ada");
    const response = await api.call("sendMessage", {
      params: { id },
      body: slow,
      key,
      headers: { accept: "text/event-stream" },
    });
    let isRevoked = false;
    const { events, isDone } = await readStream(response, async ({ data }) => {
      if (isRevoked || data === "[DONE]" || data["type"] !== "text-delta") return;
      isRevoked = true;
      await revoke(key);
    });
    expect(isDone).toBe(false);
    expect(events.at(-1)).toMatchObject({
      event: "key-revoked",
      data: { type: "error", errorText: expect.stringContaining("revoked") },
    });
    // The answer is its chat's, not the key's.
    expect(await api.db.chat.findUniqueOrThrow({ where: { id } })).toMatchObject({ status: "running" });
    expect(await api.json("stop", { params: { id } })).toMatchObject({ body: { isStopping: true } });
    expect((await api.json("followChat", { params: { id } })).status).toBe(200);
  });

  it("a caller that waits for the result, or reads its words, is told the same", async () => {
    const id = await api.newChat();
    const key = await api.makeKey("ada");
    const waiting = api.json("sendMessage", { params: { id }, body: slow, key });
    const follow = () => api.call("followChat", { params: { id }, headers: { accept: "text/plain" }, key });
    await expect
      .poll(async () => (await api.db.chat.findUniqueOrThrow({ where: { id } })).status)
      .toBe("running");
    const words = (await follow()).text();
    await revoke(key);
    expect(await waiting).toMatchObject({ status: 401, body: { error: { code: "key-revoked" } } });
    expect(await words).toContain("\n\nError: This API key was revoked");
    await api.json("stop", { params: { id } });
  });

  it("a deleted chat ends it, too", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: slow,
      headers: { accept: "text/event-stream" },
    });
    let last: unknown;
    for await (const event of readEvents(response)) {
      if (event.event !== undefined) last = event;
      if (event.data !== "[DONE]" && event.data["type"] === "text-delta")
        await api.db.chat.updateMany({ where: { id, deletedAt: null }, data: { deletedAt: new Date() } });
    }
    expect(last).toMatchObject({ event: "chat-not-found" });
  });
});

it("an address that tries one key after the other is refused, and valid keys still work there", async () => {
  const headers = { "x-forwarded-for": "10.1.1.1" };
  const statuses: number[] = [];
  for (let tried = 0; tried < 70; tried++) {
    const key = `holdfast_${tried.toString().padStart(43, "a")}`;
    statuses.push((await api.call("listChats", { key, headers })).status);
  }
  expect(statuses.slice(0, 60).every((status) => status === 401)).toBe(true);
  expect(statuses.slice(60)).toEqual(Array.from({ length: 10 }, () => 429));
  expect((await api.call("listChats", { headers })).status).toBe(200);
});

it("a person has a limited number of streams, and an ended one makes room", async () => {
  const id = await api.newChat();
  const options = { params: { id }, headers: { accept: "text/event-stream" } };
  const first = await api.call("sendMessage", { ...options, body: { text: "count to 3000 at 20 ms" } });
  const second = await api.call("followChat", options);
  expect(await api.json("followChat", options)).toMatchObject({
    status: 429,
    body: { error: { code: "too-many" } },
  });
  // Another person has room.
  const theirs = (await api.json("createChat", { body: {}, key: api.key("bob") })).body["id"];
  expect((await api.json("followChat", { params: { id: theirs }, key: api.key("bob") })).status).toBe(200);
  await second.body!.cancel();
  const third = await api.call("followChat", options);
  expect(third.status).toBe(200);
  await third.body!.cancel();
  await api.json("stop", { params: { id } });
  await first.body!.cancel();
});

it("a caller who sends too much is told when to try again", async () => {
  const id = await api.newChat();
  let refused: Awaited<ReturnType<typeof api.call>> | undefined;
  for (let sent = 0; sent < 40 && !refused; sent++) {
    const response = await api.call("act", {
      params: { id },
      body: { type: "regenerate", nodeId: "nobody" },
    });
    if (response.status === 429) refused = response;
    else expect(response.status).toBe(404);
  }
  expect(Number(refused!.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused!.json()).toMatchObject({
    error: { code: "too-many", message: expect.stringContaining("Try again") },
  });
  // Reading goes on.
  expect((await api.json("readChat", { params: { id } })).status).toBe(200);
});
