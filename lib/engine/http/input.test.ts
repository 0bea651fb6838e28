/** Every route of the engine parses what it takes, and refuses bad input with a 400 that names the part and the field. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { type Chat, engineClient, secretKeyHeader } from "@/e2e/support/engine-client";

/** These handlers parse their body themselves, after they have authorized the caller. A new one needs its own test. */
const RAW_BODIES = [
  "POST /realtime/v1/sessions/:session/channels/:channel/in/append",
  "POST /realtime/v1/sessions/:session/channels/:channel/out/append",
  "POST /realtime/v1/sessions/:session/in/append",
  "POST /realtime/v1/sessions/:session/out/append",
  "POST /realtime/v1/streams/:run/parent/:stream/append",
  "POST /realtime/v1/streams/:run/root/:stream/append",
  "POST /realtime/v1/streams/:run/self/:stream/append",
  "POST /s2/v1/streams/:name/records",
  "PUT /blobs/:key",
];

/** Values that no schema of a query or a header should let pass unless it says so. */
const SUSPECTS = ["", "nonsense", "-2", "601", "0.5", "1e999", "nul\u0000", "x".repeat(2_000)];

let test: TestEngine;
let chat: Chat;
const { createChat } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  chat = await createChat("input");
});
afterAll(() => test.close());

type TestedRoute = TestEngine["engine"]["routes"][number];

const nameOf = ({ method, pattern }: TestedRoute) => `${method} ${pattern}`;

function pathOf(pattern: string, replaced: Record<string, string> = {}): string {
  const values: Record<string, string> = { session: chat.name, run: chat.runId, ...replaced };
  return pattern.replaceAll(/[:*](\w+)/g, (_match, name: string) => encodeURIComponent(values[name] ?? name));
}

async function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const cut = new AbortController();
  const response = await fetch(`${test.url}${path}`, {
    method,
    signal: cut.signal,
    headers: { ...secretKeyHeader, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = response.status === 400 ? await response.text() : "";
  cut.abort();
  return { status: response.status, text };
}

describe("the route table", () => {
  it("has a schema for every name in a path", () => {
    for (const route of test.engine.routes) {
      const names = [...route.pattern.matchAll(/[:*](\w+)/g)].map(([, name]) => name);
      const schema = Object.keys(route.input.params?.shape ?? {});
      expect([nameOf(route), schema]).toEqual([nameOf(route), expect.arrayContaining(names)]);
    }
  });

  it("declares the body of every route that can have one, and none for the others", () => {
    for (const route of test.engine.routes) {
      const takesBody = ["POST", "PUT", "PATCH"].includes(route.method);
      expect([nameOf(route), route.input.body !== undefined]).toEqual([nameOf(route), takesBody]);
    }
  });

  it("parses JSON only for the secret key: other callers are authorized before their body is read", () => {
    for (const route of test.engine.routes)
      if (typeof route.input.body === "object")
        expect([nameOf(route), route.access]).toEqual([nameOf(route), "secret"]);
  });

  it("leaves a body raw only where it is known", () => {
    const raw = test.engine.routes.filter((route) => route.input.body === "raw");
    expect(raw.map(nameOf).toSorted()).toEqual(RAW_BODIES);
  });
});

describe("bad input is a 400 that names its field", () => {
  it("in every JSON body", async () => {
    const routes = test.engine.routes.filter(({ input }) => typeof input.body === "object");
    expect(routes.length).toBeGreaterThan(15);
    for (const route of routes) {
      for (const body of ['"text"', "[1]", "{", "[".repeat(300)]) {
        const answer = await send(route.method, pathOf(route.pattern), {}, body);
        expect([nameOf(route), body, answer]).toEqual([
          nameOf(route),
          body,
          { status: 400, text: expect.stringContaining("Invalid body: ") },
        ]);
      }
    }
  });

  it("in every field of a JSON body that has to have a form", async () => {
    let tried = 0;
    for (const route of test.engine.routes) {
      const schema = route.input.body;
      if (!(schema instanceof z.ZodObject)) continue;
      for (const field of Object.keys(schema.shape)) {
        const issues = schema.safeParse({ [field]: { odd: true } }).error?.issues ?? [];
        if (issues[0]?.path[0] !== field) continue;
        const answer = await send(
          route.method,
          pathOf(route.pattern),
          {},
          JSON.stringify({ [field]: { odd: true } }),
        );
        expect([nameOf(route), field, answer]).toEqual([
          nameOf(route),
          field,
          { status: 400, text: expect.stringContaining(`Invalid body: ${field}`) },
        ]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(15);
  });

  it("in every path, query and header", async () => {
    const tried = new Set<string>();
    for (const route of test.engine.routes) {
      const { params, query, headers } = route.input;
      for (const suspect of SUSPECTS) {
        for (const [part, fields] of Object.entries({ path: params, query, header: headers })) {
          for (const [field, schema] of Object.entries(fields?.shape ?? {})) {
            if ((schema as z.ZodType).safeParse(suspect).success) continue;
            if (part === "path" && (suspect === "" || !new RegExp(`[:*]${field}\\b`).test(route.pattern)))
              continue;
            if (part === "header" && /\0/.test(suspect)) continue;
            const path = pathOf(route.pattern, part === "path" ? { [field]: suspect } : {});
            const search = part === "query" ? `?${new URLSearchParams({ [field]: suspect })}` : "";
            const answer = await send(
              route.method,
              `${path}${search}`,
              part === "header" ? { [field]: suspect } : {},
            );
            expect([nameOf(route), suspect, answer]).toEqual([
              nameOf(route),
              suspect,
              { status: 400, text: expect.stringContaining(`Invalid ${part}: ${field}`) },
            ]);
            tried.add(`${part} ${field}`);
          }
        }
      }
    }
    expect([...tried]).toEqual(
      expect.arrayContaining(["path session", "path channel", "query page[size]", "header timeout-seconds"]),
    );
  });
});
