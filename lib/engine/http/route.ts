import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { z } from "zod";
import type { Identity } from "./identity";

/** An error that knows its status. Handlers throw it; `renderError` is the only place that makes a response of it. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  /** More top-level fields of the error body (`closedReason`, `seq_num_mismatch`, ...). */
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    message: string,
    options: { code?: string; details?: Record<string, unknown>; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.code = options.code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export type Reply = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Writes the body itself after the headers are out; resolves when the response is over. */
  stream?(response: ServerResponse): Promise<void>;
};

/** The run that a worker speaks for: its API address carries `/run/<id>/<attempt>` (see `callerUrl`). */
export type Caller = { runId: string; attempt: number };

export type EngineRequest = {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  identity: Identity;
  caller: Caller | undefined;
  body(limit?: number): Promise<Buffer>;
  json<Schema extends z.ZodType>(schema: Schema, limit?: number): Promise<z.output<Schema>>;
};

/** How this route's clients expect an error to look. */
export type ErrorShape = "api" | "append" | "s2";

/**
 * Who may call a route. `secret`: the app's server and its workers. `token`: also a browser's token, whose scopes the
 * handler checks. `open`: whoever brings the route's own proof (a signed URL, an S2 token), or anybody (health).
 */
export type Access = "secret" | "token" | "open";

export type Route = {
  method: string;
  pattern: string;
  shape: ErrorShape;
  access: Access;
  handler(request: EngineRequest): Promise<Reply> | Reply;
};

/** Nobody but the holder of the secret key may call it, unless it says otherwise. */
export function route(
  pattern: `${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`,
  handler: Route["handler"],
  options: { shape?: ErrorShape; access?: Access } = {},
): Route {
  const [method, path] = pattern.split(" ") as [string, string];
  const { shape = "api", access = "secret" } = options;
  return { method, pattern: path, shape, access, handler };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export type Router = (
  method: string,
  rawPath: string,
) => { route: Route; params: Record<string, string> } | undefined;

/** Splits the raw path first and decodes each segment afterwards: a chat id may contain `/`, `?` and `#`. */
export function createRouter(routes: Route[]): Router {
  const compiled = routes.map((entry) => ({ entry, parts: entry.pattern.split("/").slice(1) }));
  return (method, rawPath) => {
    const segments = rawPath.split("/").slice(1).map(decodeSegment);
    for (const { entry, parts } of compiled) {
      if (entry.method !== method) continue;
      const params = matchSegments(parts, segments);
      if (params) return { route: entry, params };
    }
    return undefined;
  };
}

function matchSegments(parts: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (part.startsWith("*")) {
      params[part.slice(1)] = segments.slice(index).join("/");
      return segments.length > index ? params : undefined;
    }
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (part.startsWith(":")) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(
      400,
      `The path segment ${JSON.stringify(segment.slice(0, 80))} is not valid percent-encoding`,
    );
  }
}

const CALLER_PREFIX = /^\/run\/([^/]+)\/(\d+)(?=\/)/;

/** The API address given to one attempt: the SDK appends its paths to it, so every call names the run it comes from. */
export function callerUrl(engineUrl: string, caller: Caller): string {
  return `${engineUrl}/run/${caller.runId}/${caller.attempt}`;
}

export function splitCaller(path: string): { caller: Caller | undefined; path: string } {
  const found = CALLER_PREFIX.exec(path);
  if (!found) return { caller: undefined, path };
  return { caller: { runId: found[1]!, attempt: Number(found[2]) }, path: path.slice(found[0].length) };
}

export function renderError(error: HttpError, shape: ErrorShape): Reply {
  const code = error.code === undefined ? {} : { code: error.code };
  // Clients retry 408, 409, 429 and 5xx by themselves; of those only these can end differently the next time.
  const retryable = error.status === 408 || error.status === 429 || error.status === 503;
  const headers: Record<string, string> = retryable ? {} : { "x-should-retry": "false" };
  if (error.retryAfterSeconds !== undefined) headers["retry-after"] = String(error.retryAfterSeconds);
  switch (shape) {
    case "api":
      return json(error.status, { error: error.message, ...code, ...error.details }, headers);
    case "append":
      return json(error.status, { ok: false, error: error.message, ...code, ...error.details }, headers);
    case "s2":
      return json(error.status, s2ErrorBody(error));
  }
}

/** A failed condition (412) is recognised by its own field instead of a code. */
export function s2ErrorBody(error: HttpError): Record<string, unknown> {
  if (error.status === 412) return error.details;
  return { code: error.code ?? "bad_request", message: error.message };
}
