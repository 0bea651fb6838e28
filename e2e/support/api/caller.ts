/** A program that calls the API: the real routes, against a real database and engine. */
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { createApiKey } from "@/lib/api-keys/keys";
import { type ApiScope, scopeNames } from "@/lib/api-keys/scopes";
import { db as appDb } from "@/lib/db/client";
import type { Mode } from "@/lib/engine/mode";
import { openApiDocument } from "@/lib/server-chat/openapi";
import { operations, type Operation } from "@/lib/server-chat/operations";
import type { Answer } from "@/lib/server-chat/schemas";
import { projectDir } from "../processes";
import { type EnginePlace, startEnginePlace } from "../engine-place";

export type OperationName = keyof typeof operations;

export type CallOptions = {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  /** Null: no key. */
  key?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

type Json = Record<string, any>;

const document = openApiDocument("http://localhost") as Json;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, "api");

/** Call it at the top of a test file, which mocks `server-only`. `ada` and `bob` exist. */
export function apiOnEngine(mode: Mode = "embedded", settings: Record<string, string> = {}) {
  let place: EnginePlace | undefined;
  const keys: Record<string, string> = {};
  const succeeded = new Set<OperationName>();

  beforeAll(async () => {
    place = await startEnginePlace({ people: ["ada", "bob"], env: { ENGINE_MODE: mode } });
    const environment = {
      DATABASE_URL: place.databaseUrl,
      TRIGGER_SECRET_KEY: place.engine.secretKey,
      TRIGGER_API_URL: place.engine.url,
      ...settings,
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    for (const person of ["ada", "bob"]) keys[person] = await makeKey(person);
  });
  afterAll(async () => {
    await appDb.$disconnect();
    vi.unstubAllEnvs();
    await place?.close();
  });

  const started = (): EnginePlace => {
    if (!place) throw new Error("The engine starts before the first test, not while the file is read.");
    return place;
  };

  async function makeKey(userId: string, scopes: ApiScope[] = scopeNames): Promise<string> {
    const made = await createApiKey(started().db, userId, { name: "Test", scopes, expiresInDays: 30 });
    return made!.token;
  }

  async function call(name: OperationName, options: CallOptions = {}): Promise<Response> {
    const { params = {}, query = {}, body, key = keys["ada"], headers = {}, signal } = options;
    const operation: Operation = operations[name];
    const folder = operation.path.replaceAll("{", "[").replaceAll("}", "]");
    const file = path.join(projectDir, "app/api/agent", folder, "route.ts");
    const route = (await import(/* @vite-ignore */ file)) as Record<
      string,
      (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>
    >;
    const address = new URL(`http://localhost/api/agent${operation.path}`);
    for (const [field, value] of Object.entries(query)) address.searchParams.set(field, value);
    const request = new Request(address, {
      method: operation.method,
      headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    return route[operation.method]!(request, { params: Promise.resolve(params) });
  }

  /** Calls an operation, and compares its JSON response with the document. */
  async function json(
    name: OperationName,
    options: CallOptions = {},
  ): Promise<{ status: number; body: Json }> {
    const response = await call(name, options);
    const body = (await response.json()) as Json;
    expectDescribed(name, response.status, body);
    if (response.ok) succeeded.add(name);
    return { status: response.status, body };
  }

  return {
    get db() {
      return started().db;
    },
    get engine() {
      return started().engine;
    },
    makeKey,
    key: (person: string) => keys[person]!,
    call,
    json,
    /** The operations that have succeeded so far. */
    succeeded: () => [...succeeded].toSorted(),
    /** Sends a message, and resolves with its answer. */
    async send(
      id: string,
      text: string,
      options: CallOptions & { messageId?: string } = {},
    ): Promise<Answer> {
      const { messageId, ...rest } = options;
      const { status, body } = await json("sendMessage", {
        params: { id },
        body: { text, ...(messageId !== undefined && { id: messageId }) },
        ...rest,
      });
      expect(status, JSON.stringify(body)).toBe(200);
      return body as Answer;
    },
    async newChat(): Promise<string> {
      return (await json("createChat", { body: {} })).body["id"] as string;
    },
  };
}

function expectDescribed(name: OperationName, status: number, body: unknown): void {
  const { path: address, method } = operations[name];
  const { responses } = document["paths"][address][method.toLowerCase()];
  const key = status in responses ? String(status) : "default";
  const pointer = [
    "paths",
    address,
    method.toLowerCase(),
    "responses",
    key,
    "content",
    "application/json",
    "schema",
  ]
    .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const validate = ajv.getSchema(`api#/${pointer}`);
  if (!validate) throw new Error(`The document has no schema for ${name} ${status}`);
  if (!validate(body))
    throw new Error(
      `${name} ${status} isn't as the document says: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`,
    );
}

export type SentEvent = { id?: string; event?: string; data: Json | "[DONE]" };

/** The events of a response, as a program without a library would read them. */
export async function* readEvents(response: Response): AsyncGenerator<SentEvent> {
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const fields = Object.fromEntries(
        event.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
      );
      if (fields["data"] === undefined) continue;
      const data = fields["data"] === "[DONE]" ? "[DONE]" : (JSON.parse(fields["data"]) as Json);
      yield {
        ...(fields["id"] !== undefined && { id: fields["id"] }),
        ...(fields["event"] !== undefined && { event: fields["event"] }),
        data,
      };
    }
  }
}

export type Read = {
  text: string;
  starts: number;
  result: Answer | undefined;
  isDone: boolean;
  events: SentEvent[];
};

/** What a caller has at the end: a `start` begins the answer again. */
export async function readStream(
  response: Response,
  onEvent?: (event: SentEvent) => void | Promise<void>,
): Promise<Read> {
  const read: Read = { text: "", starts: 0, result: undefined, isDone: false, events: [] };
  for await (const event of readEvents(response)) {
    read.events.push(event);
    await onEvent?.(event);
    if (event.data === "[DONE]") read.isDone = true;
    else if (event.data["type"] === "start") Object.assign(read, { text: "", starts: read.starts + 1 });
    else if (event.data["type"] === "text-delta") read.text += event.data["delta"];
    else if (event.data["type"] === "data-turn") read.result = event.data["data"] as Answer;
  }
  return read;
}
