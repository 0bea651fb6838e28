import { SignJWT } from "jose";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { answered, engineClient, eventually, type Chat } from "@/e2e/support/engine-client";

let test: TestEngine;
let database: pg.Client;
const { attemptsOf, call, createChat, nextAttempt, outOf, run, say, trigger, write } = engineClient(
  () => test,
);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  database = new pg.Client({ connectionString: test.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await test.close();
});

const tokenFor = (name: string, ageSeconds = 0) =>
  new SignJWT({ pub: true, scopes: [`read:sessions:${name}`, `write:sessions:${name}`] })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://id.trigger.dev")
    .setAudience("https://api.trigger.dev")
    .setSubject("env_local")
    .setIssuedAt(Math.floor(Date.now() / 1_000) - ageSeconds)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(TEST_SECRET_KEY));

const asBrowser = (token: string, path: string, body?: string) =>
  fetch(`${test.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  });

const readsAndWrites = async (token: string, { name }: Chat) => {
  const answers = await Promise.all([
    asBrowser(token, `/api/v1/sessions/${name}`),
    asBrowser(token, `/realtime/v1/sessions/${name}/out/records`),
    asBrowser(token, `/realtime/v1/sessions/${name}/channels/notes/out/records`),
    asBrowser(token, `/realtime/v1/sessions/${name}/channels/notes/in/append`, "{}"),
    asBrowser(token, `/realtime/v1/sessions/${name}/in/append`, '{"kind":"stop"}'),
  ]);
  return answers.map(({ status }) => status);
};

const revoke = (chat: Chat) => call(`/api/v1/sessions/${chat.name}/revoke`, {});
const purge = (chat: Chat) => call(`/api/v1/sessions/${chat.name}`, undefined, "DELETE");

describe("a session whose chat was deleted", () => {
  it("stops its run, tells its readers and sends them away", async () => {
    const chat = await createChat("told");
    await say(chat);
    await write(chat, [{ body: '{"data":{"type":"start"}}' }], attemptsOf(chat)[0]!);
    const old = await tokenFor("told", 10);
    const readers = await Promise.all(
      ["out", "channels/notes/out"].map((io) => asBrowser(old, `/realtime/v1/sessions/told/${io}`)),
    );
    expect((await revoke(chat)).status).toBe(200);
    const [said, side] = await Promise.all(readers.map((reader) => reader.text()));
    expect(said).toContain('["trigger-control","session-closed"],["session-closed-reason","deleted"]');
    expect(said).toContain("data: [DONE]");
    expect(side).toContain("data: [DONE]");
    expect(attemptsOf(chat)[0]!.canceled).toBe(true);
    expect(await run(chat.runId)).toMatchObject({ status: "CANCELED" });
    const refused = await write(chat, [{ body: '{"data":{"type":"late"}}' }], attemptsOf(chat)[0]!);
    expect(refused.status).toBe(403);
    expect(attemptsOf(chat)).toHaveLength(1);
  });

  it("opens to no token, old or new, and to no message", async () => {
    const chat = await createChat("shut");
    await say(chat);
    const old = await tokenFor("shut", 10);
    expect(await readsAndWrites(old, chat)).toEqual([200, 200, 200, 200, 200]);
    await revoke(chat);
    expect(await readsAndWrites(old, chat)).toEqual([401, 401, 401, 401, 401]);
    expect(await readsAndWrites(await tokenFor("shut"), chat)).toEqual([404, 404, 404, 404, 404]);
    const append = await call("/realtime/v1/sessions/shut/in/append", { kind: "stop" });
    expect(append.status).toBe(404);
    expect((await revoke(chat)).status).toBe(200);
    await test.restart();
    expect(await readsAndWrites(old, chat)).toEqual([401, 401, 401, 401, 401]);
    expect(attemptsOf(chat)).toHaveLength(1);
  });

  it("goes on when the deletion is taken back, but not for the old tokens", async () => {
    const chat = await createChat("back");
    await write(chat, [{ body: '{"data":{"type":"start"}}' }, answered(await say(chat))]);
    await say(chat, "unanswered");
    const old = await tokenFor("back", 10);
    await revoke(chat);
    const again = await createChat("back");
    expect(again.id).toBe(chat.id);
    expect(await readsAndWrites(old, chat)).toEqual([401, 401, 401, 401, 401]);
    const { body } = await call("/api/v1/sessions", {
      type: "chat.agent",
      externalId: "back",
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {} },
    });
    expect(await readsAndWrites(body["publicAccessToken"], chat)).toEqual([200, 200, 200, 200, 200]);
    const controls = (await outOf(chat)).flatMap(({ headers }) => headers ?? []).map(([, value]) => value);
    expect(controls).not.toContain("session-closed");
    const stream = await fetch(`${test.url}/realtime/v1/sessions/back/out`, {
      headers: { authorization: `Bearer ${TEST_SECRET_KEY}`, "timeout-seconds": "1" },
    });
    expect(await stream.text()).not.toContain("session-closed");
    const next = await nextAttempt(chat, 2);
    expect(next.payload).toMatchObject({ continuation: true });
  });

  it("stays closed when its agent had closed it", async () => {
    const chat = await createChat("finished");
    await call("/api/v1/sessions/finished/close", { reason: "done" });
    await revoke(chat);
    const { status } = await call("/api/v1/sessions", {
      type: "chat.agent",
      externalId: "finished",
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {} },
    });
    expect(status).toBe(409);
  });
});

describe("a purge", () => {
  const TABLES = ["sessions", "runs", "streams", "stream_records", "stream_parts", "waitpoints", "blobs"];
  /** Counts the rows of the whole engine, and those that still contain a text of the chat. */
  async function rows(text: string) {
    const found: Record<string, { mine: number; all: number }> = {};
    for (const table of TABLES) {
      const { rows } = await database.query(
        `select count(*) filter (where strpos(t::text, $1) > 0)::int as mine, count(*)::int as all
         from engine.${table} t`,
        [text],
      );
      found[table] = rows[0];
    }
    return found;
  }

  it("leaves nothing: no stream, no blob, no run and none that it started, no waitpoint", async () => {
    const before = await rows("purged");
    const chat = await createChat("purged");
    await say(chat, "purged words");
    const worker = attemptsOf(chat)[0]!;
    await write(chat, [{ body: '{"data":{"text":"purged answer"}}' }], worker);
    await call("/realtime/v1/sessions/purged/channels/notes/in/append", { note: "purged note" });
    const child = await trigger({ parentRunId: chat.runId, payloadType: "application/store" });
    await database.query("update engine.runs set payload = 'purged/file' where id = $1", [child]);
    for (const path of ["/api/v1/sessions/purged/snapshot-url", "/api/v2/packets/purged/file"]) {
      const { body } = await call(path, undefined, "PUT");
      await fetch(body["presignedUrl"], { method: "PUT", body: "purged blob" });
    }
    const pipe = await call(`/realtime/v1/streams/${child}/self/words/append`, { purged: 1 });
    expect(pipe.status).toBe(200);
    await call(`/api/v1/runs/${chat.runId}/session-streams/wait`, {
      session: "purged",
      io: "in",
      lastSeqNum: 5,
    });
    const during = await rows("purged");
    for (const table of TABLES) expect([table, during[table]!.all]).not.toEqual([table, before[table]!.all]);

    const reader = await asBrowser(await tokenFor("purged"), "/realtime/v1/sessions/purged/out");
    expect((await purge(chat)).status).toBe(200);
    expect(await reader.text()).toContain("data: [DONE]");
    expect(await rows("purged")).toEqual(before);
    expect(await rows(chat.id)).toEqual(before);
    expect(await readsAndWrites(await tokenFor("purged"), chat)).toEqual([404, 404, 404, 404, 404]);
    expect(worker.canceled).toBe(true);
    expect((await purge(chat)).status).toBe(200);

    const fresh = await createChat("purged");
    expect(fresh.id).not.toBe(chat.id);
    expect(await outOf(fresh)).toEqual([]);
    await purge(fresh);
  });
});

describe("a token that comes with the end of a turn", () => {
  it("is neither stored nor replayed", async () => {
    const chat = await createChat("keyless");
    const end = answered(await say(chat));
    await write(chat, [{ ...end, headers: [...end.headers!, ["public-access-token", "a-live-key"]] }]);
    const stored = await database.query(
      "select headers from engine.stream_records where headers like '%live%'",
    );
    expect(stored.rows).toEqual([]);
    const stream = await fetch(`${test.url}/realtime/v1/sessions/keyless/out`, {
      headers: { authorization: `Bearer ${TEST_SECRET_KEY}`, "timeout-seconds": "1" },
    });
    const said = await stream.text();
    expect(said).toContain("turn-complete");
    expect(said).not.toContain("live");
    expect((await outOf(chat))[0]!.headers).toEqual(end.headers);
  });

  it("that an older engine has stored is taken out", async () => {
    const chat = await createChat("older");
    await write(chat, [answered(await say(chat))]);
    const headers = '[["trigger-control","turn-complete"],["public-access-token","an-old-key"]]';
    await database.query(
      `update engine.stream_records set headers = $1 where headers is not null and stream_id =
         (select id from engine.streams where name = $2)`,
      [headers, `sessions/${chat.id}/out`],
    );
    await test.engine.close();
    // The schema of that engine was version 4.
    await database.query("alter table engine.sessions drop column revoked_at, drop column tokens_from");
    await database.query("alter table engine.runs drop column machine, drop column outgrown");
    await database.query("drop table engine.schedules");
    await database.query("delete from engine.schema_version where version > 4");
    await test.restart();
    await vi.waitFor(
      async () => expect((await outOf(chat))[0]!.headers).toEqual([["trigger-control", "turn-complete"]]),
      eventually,
    );
  });
});
