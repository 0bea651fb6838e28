/** The adapter and E2B's real package against a server that answers as E2B does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { CodeLanguage } from "@/lib/agent/code-run";
import { codeLimits, type CodeSandbox } from "./code-sandbox";
import { e2bSandbox } from "./e2b-sandbox";

type Call = { method: string; path: string; key: unknown; body: Record<string, unknown> };

const calls: Call[] = [];
/** What the machine says to the next programs: the events of one execution, or nothing for ever. */
let executions: (object[] | "silence" | "break")[] = [];
let refusal: number | undefined;
let server: Server;
let sandbox: CodeSandbox;
let machines = 0;

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv("E2B_API_URL", url);
  vi.stubEnv("E2B_SANDBOX_URL", url);
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  calls.length = 0;
  executions = [];
  refusal = undefined;
  sandbox = e2bSandbox({ apiKey: `e2b_${"0".repeat(40)}` });
});

afterEach(() => sandbox.dispose());

async function answer(request: IncomingMessage, response: ServerResponse) {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const path = new URL(request.url!, "http://e2b").pathname;
  const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
  calls.push({ method: request.method!, path, key: request.headers["x-api-key"], body });
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (refusal) return void json(refusal, { code: refusal, message: "no" });
  if (request.method === "POST" && path.endsWith("/sandboxes"))
    return void json(201, {
      sandboxID: `m${++machines}`,
      templateID: "t",
      clientID: "c",
      envdVersion: "0.4.0",
    });
  if (path === "/execute") {
    const events = executions.shift() ?? [];
    response.writeHead(200, { "content-type": "application/json" });
    if (events === "silence") return response.flushHeaders();
    if (events === "break") return void request.socket.destroy();
    return void response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  }
  response.writeHead(204).end();
}

const run = (code: string, language: CodeLanguage = "python", signal?: AbortSignal) =>
  sandbox.run({ language, code }, signal);
const made = () => calls.filter(({ method, path }) => method === "POST" && path.endsWith("/sandboxes"));
const ended = () => calls.filter(({ method }) => method === "DELETE").map(({ path }) => path);

it("runs Python on one machine without internet, and shows what it returns", async () => {
  executions = [
    [
      { type: "stdout", text: "hello\n" },
      {
        type: "result",
        is_main_result: true,
        text: "[{'city': 'Oslo', 'degrees': 3, 'rain': True}, {'city': \"Bodø\", 'degrees': None}]",
      },
    ],
    [{ type: "result", is_main_result: true, text: "{'chart': 'bar', 'x': ['a'], 'y': [1]}" }],
  ];
  expect(await run("cities")).toMatchObject({
    state: "done",
    output: "hello\n",
    table: {
      columns: ["city", "degrees", "rain"],
      rows: [
        ["Oslo", 3, true],
        ["Bodø", null, null],
      ],
    },
    truncated: false,
  });
  expect((await run("chart")).chart).toMatchObject({ chart: "bar", series: [{ y: [1] }] });
  expect(made()).toHaveLength(1);
  expect(made()[0]).toMatchObject({ key: `e2b_${"0".repeat(40)}`, body: { allow_internet_access: false } });
  expect(calls.filter(({ path }) => path === "/execute").map(({ body }) => body.language)).toEqual([
    "python",
    "python",
  ]);
});

it("names the line of an error, and keeps images that are small enough", async () => {
  executions = [
    [
      { type: "result", is_main_result: false, png: "aGk=\n" },
      { type: "result", is_main_result: false, png: "x".repeat(500_000) },
      {
        type: "error",
        name: "ZeroDivisionError",
        value: "division by zero",
        traceback:
          "\u001b[31mZeroDivisionError\u001b[0m\nCell \u001b[1mIn[3], line 2\u001b[0m\n      1 a = 0\n----> 2 1 / a\n",
      },
    ],
  ];
  expect(await run("a = 0\n1 / a")).toMatchObject({
    state: "failed",
    images: ["data:image/png;base64,aGk="],
    error: { kind: "thrown", name: "ZeroDivisionError", message: "division by zero", lines: [2] },
    truncated: true,
  });
});

it("keeps little of a large output", async () => {
  executions = [Array.from({ length: 100 }, () => ({ type: "stdout", text: "x".repeat(10_000) }))];
  const { output, omitted, truncated } = await run("print");
  expect(output).toHaveLength(codeLimits.outputLength);
  expect(omitted).toBe(1_000_000 - codeLimits.outputLength);
  expect(truncated).toBe(true);
});

it("is warm before the first run, without waiting", async () => {
  sandbox.warm();
  sandbox.warm();
  await vi.waitFor(() => expect(made()).toHaveLength(1));
  executions = [[{ type: "result", is_main_result: true, text: "2" }]];
  expect(await run("1 + 1")).toMatchObject({ value: "2" });
  expect(made()).toHaveLength(1);
});

it("ends the machine when it is disposed of, and the next run has a new one", async () => {
  await run("1");
  await sandbox.dispose();
  expect(ended()).toEqual([`/sandboxes/m${machines}`]);
  await run("2");
  expect(made()).toHaveLength(2);
});

it("ends the machine at once when the answer is stopped", async () => {
  executions = ["silence"];
  const stop = new AbortController();
  const running = run("while True: pass", "python", stop.signal);
  await vi.waitFor(() => expect(calls.some(({ path }) => path === "/execute")).toBe(true));
  stop.abort(new DOMException("Stopped.", "AbortError"));
  await expect(running).rejects.toThrow("Stopped.");
  await vi.waitFor(() => expect(ended()).toHaveLength(1));
});

it("replaces a machine whose connection broke", async () => {
  executions = ["break"];
  expect(await run("x = 1")).toMatchObject({ state: "failed", error: { kind: "crash" }, restarted: true });
  executions = [[{ type: "result", is_main_result: true, text: "1" }]];
  expect(await run("1")).toMatchObject({ state: "done" });
  expect(made()).toHaveLength(2);
});

it.each([
  [401, "E2B refused its key, so no code was run."],
  [500, "E2B can't be reached, so no code was run."],
])("says what is wrong when E2B answers %s, and tries again", async (status, message) => {
  refusal = status;
  expect((await run("1")).error).toMatchObject({ kind: "unavailable", message });
  refusal = undefined;
  expect(await run("1")).toMatchObject({ state: "done" });
});

it("is not asked to run code that is too long", async () => {
  expect((await run("x".repeat(50_001))).error?.kind).toBe("too-long");
  expect(calls).toEqual([]);
});
