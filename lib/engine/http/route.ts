/** A route of the engine: its address, who may call it, and the schema of everything that its handler reads. */
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { Identity } from "./auth";
import { readBody } from "./body";
import type { Caller } from "./caller";
import type { ErrorShape } from "./errors";
import { parseJson, parsePart } from "./input";
import type { Reply } from "./reply";

/**
 * Who may call a route. `secret`: the app's server and its workers. `token`: also a browser with a token, whose scopes
 * the handler checks. `open`: a caller with the route's own proof (a signed URL, an S2 token), or anyone (health).
 */
type Access = "secret" | "token" | "open";

/** What a handler reads from a request. A part without a schema never reaches the handler. */
export type Input = {
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  /**
   * A schema: JSON, parsed before the handler runs. `raw`: bytes that the handler fetches with `bytes()` once it has
   * authorized the caller, and parses itself. `none`: the route takes no body, whatever its method.
   */
  body?: z.ZodType | "raw" | "none";
  /** The largest body in bytes; default 1 MiB. */
  limit?: number;
};

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export type EngineRequest<Spec extends Input> = {
  params: Output<Spec["params"]>;
  query: Output<Spec["query"]>;
  headers: Output<Spec["headers"]>;
  body: Output<Spec["body"]>;
  bytes: () => Promise<Buffer>;
  identity: Identity;
  caller: Caller | undefined;
};

/** A request as the server got it: authenticated, and not parsed yet. */
type RawRequest = {
  message: IncomingMessage;
  params: Record<string, string>;
  query: URLSearchParams;
  identity: Identity;
  caller: Caller | undefined;
};

export type Route = {
  method: string;
  pattern: string;
  shape: ErrorShape;
  access: Access;
  input: Input;
  handle(request: RawRequest): Promise<Reply>;
};

const BODY_LIMIT = 1024 * 1024;

/** A route for holders of the secret key, unless `access` says otherwise. */
export function route<Spec extends Input>(
  pattern: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`,
  spec: Spec & { access?: Access; shape?: ErrorShape },
  handler: (request: EngineRequest<Spec>) => Promise<Reply> | Reply,
): Route {
  const [method, path] = pattern.split(" ") as [string, string];
  const { access = "secret", shape = "api", ...input } = spec;
  const handle = async (request: RawRequest) => handler((await parse(input, request)) as EngineRequest<Spec>);
  return { method, pattern: path, shape, access, input, handle };
}

async function parse(input: Input, { message, params, query, identity, caller }: RawRequest) {
  const bytes = () => readBody(message, input.limit ?? BODY_LIMIT);
  return {
    params: parsePart("path", input.params, params),
    query: parsePart("query", input.query, firstOfEach(query)),
    headers: parsePart("header", input.headers, message.headers),
    body: typeof input.body === "object" ? parseJson(await bytes(), input.body) : undefined,
    bytes,
    identity,
    caller,
  };
}

function firstOfEach(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].toReversed());
}
