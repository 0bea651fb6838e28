/** Limits on what a stranger can make the engine hold: slow and deep bodies, idle sockets, side channels, odd characters. */
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import pg from "pg";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, secretKeyHeader } from "@/e2e/support/engine-client";
import { createAuth } from "../http/auth";
import { readBody } from "../http/body";
import { requireShallow } from "../http/input";
import { SIDE_CHANNEL_LIMITS } from "./side-channels";

let test: TestEngine;
let token: string;
let runId: string;
const { call, createChat } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  runId = (await createChat("mine")).runId;
  token = await createAuth(TEST_SECRET_KEY).mintToken(["read:sessions:mine", "write:sessions:mine"], "1h");
});
afterAll(() => test.close());

const asBrowser = (path: string, body?: string) =>
  fetch(`${test.url}/realtime/v1/sessions/mine/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  });

describe("a body", () => {
  const deep = (levels: number) => `{"kind":"message","payload":${"[".repeat(levels)}${"]".repeat(levels)}}`;

  it.each([
    ["PATCH", "/api/v1/sessions/mine", '{"metadata":{"a":BODY}}'],
    ["POST", "/api/v1/sessions", "BODY"],
    ["POST", "/api/v1/tasks/chat/trigger", '{"payload":BODY}'],
    ["PUT", "/api/v1/runs/RUN/metadata", '{"metadata":{"a":BODY}}'],
    ["POST", "/realtime/v1/sessions/mine/in/append", "BODY"],
    ["POST", "/realtime/v1/sessions/mine/channels/x/in/append", "BODY"],
    ["POST", "/api/v1/waitpoints/tokens/w/complete", '{"data":BODY}'],
  ])("that is nested deeply is a clear 400: %s %s", async (method, path, body) => {
    const answer = await call(path.replace("RUN", runId), body.replace("BODY", deep(100_000)), method);
    expect([answer.status, answer.body["error"]]).toEqual([400, expect.stringContaining("nested more than")]);
  });

  it("may be nested as deeply as anybody needs, and brackets in a text count for nothing", () => {
    requireShallow(`${"[".repeat(200)}${"]".repeat(200)}`);
    requireShallow(JSON.stringify({ text: `\\"${"[{".repeat(1_000)}`, more: ["\\", '"'] }));
    requireShallow("[]".repeat(1_000));
    expect(() => requireShallow("[".repeat(201))).toThrow("nested");
    expect(() => requireShallow(`["\\\\",${"[".repeat(200)}`)).toThrow("nested");
  });

  const silent = () => new EventEmitter() as IncomingMessage;

  it("that does not come is given up", async () => {
    const body = readBody(silent(), 10, { silenceMs: 20, totalMs: 60_000 });
    await expect(body).rejects.toMatchObject({ status: 408 });
  });

  it("that comes byte by byte is given up, too", async () => {
    const message = silent();
    const body = readBody(message, 1_000, { silenceMs: 60_000, totalMs: 50 });
    const drip = setInterval(() => message.emit("data", Buffer.from("x")), 5);
    await expect(body).rejects.toMatchObject({ status: 408 });
    clearInterval(drip);
  });

  it("that has no end is not read to the end", async () => {
    const message = silent();
    const body = readBody(message, 10, { silenceMs: 60_000, totalMs: 60_000 });
    for (let sent = 0; sent < 31; sent++) message.emit("data", Buffer.from("x"));
    await expect(body).rejects.toMatchObject({ status: 413 });
  });

  it("that nobody wants does not keep its socket", { timeout: 30_000 }, async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = net.connect(test.engine.port, "127.0.0.1", () =>
        socket.write("POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{"),
      );
      const drip = setInterval(() => socket.write(" "), 200);
      socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      socket.on("error", () => {});
      socket.on("close", () => {
        clearInterval(drip);
        resolve(text);
      });
      setTimeout(() => reject(new Error("The socket stayed open")), 25_000).unref();
    });
    expect(answer).toContain("401");
  });
});

describe("side channels that a browser makes", () => {
  it("are counted, read or written", async () => {
    await createChat("many");
    const many = await createAuth(TEST_SECRET_KEY).mintToken(
      ["read:sessions:many", "write:sessions:many"],
      "1h",
    );
    const use = async (path: string, body?: string) =>
      fetch(`${test.url}/realtime/v1/sessions/many/channels/${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${many}` },
        ...(body === undefined ? {} : { body }),
      }).then(({ status }) => status);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0 ? use(`c${index}/in/append`, "{}") : use(`c${index}/out/records`),
      ),
    );
    expect(all.filter((status) => status === 200)).toHaveLength(SIDE_CHANNEL_LIMITS.streams);
    expect(all.filter((status) => status === 409)).toHaveLength(100 - SIDE_CHANNEL_LIMITS.streams);
    expect(await use("c0/in/append", "{}")).toBe(200);
    const bySecret = await call("/realtime/v1/sessions/many/channels/own/out/append", {});
    expect(bySecret.status).toBe(200);
  });

  it("hold so much and no more, and are emptied after a day", async () => {
    const channel = "channels/notes/in/append";
    expect((await asBrowser(channel, `"${"x".repeat(SIDE_CHANNEL_LIMITS.recordBytes)}"`)).status).toBe(413);
    const note = `"${"x".repeat(60_000)}"`;
    const fits = Math.floor(SIDE_CHANNEL_LIMITS.bytes / 60_100);
    for (let sent = 0; sent < fits; sent++) expect((await asBrowser(channel, note)).status).toBe(200);
    const full = await asBrowser(channel, note);
    expect([full.status, await full.json()]).toEqual([
      413,
      expect.objectContaining({ code: "channel_full" }),
    ]);

    const database = new pg.Client({ connectionString: test.databaseUrl });
    await database.connect();
    const aged = `update engine.streams set last_ts = last_ts - 90000000 where name like '%/channels/%'`;
    await database.query(aged);
    await database.query(`update engine.stream_records set ts = ts - 90000000 where stream_id in
      (select id from engine.streams where name like '%/channels/notes/in')`);
    await test.engine.sweep();
    expect((await asBrowser(channel, note)).status).toBe(200);
    // A channel without readers is deleted as a whole.
    await test.restart();
    await database.query(aged);
    await database.query(
      "delete from engine.stream_records where stream_id in (select id from engine.streams where name like '%/channels/%')",
    );
    await test.engine.sweep();
    const left = await database.query("select name from engine.streams where name like '%/channels/%'");
    expect(left.rows).toEqual([]);
    await database.end();
    expect((await asBrowser(channel, note)).status).toBe(200);
  });
});

describe("a NUL", () => {
  it("in any id, cursor or filter is no failure of the engine", async () => {
    const queries =
      "page[after] page[before] page[size] filter[type] filter[externalId] afterEventId before limit";
    const query = queries
      .split(" ")
      .map((name) => `${encodeURIComponent(name)}=%00`)
      .join("&");
    const failures = [];
    for (const { method, pattern } of test.engine.routes) {
      const path = pattern.replaceAll(/[:*]\w+/g, "a%00b");
      for (const target of [path, `${pattern.replaceAll(/[:*]\w+/g, "mine")}?${query}`]) {
        const cut = new AbortController();
        const answer = await fetch(`${test.url}${target}`, {
          method,
          signal: cut.signal,
          headers: { ...secretKeyHeader, "content-type": "application/json" },
          ...(method === "GET" ? {} : { body: "{}" }),
        });
        if (answer.status >= 500 && !target.startsWith("/healthz")) failures.push([target, answer.status]);
        cut.abort();
      }
    }
    expect(failures).toEqual([]);
  });
});
