/** From a socket's request to a handler and back: the only place that writes a response. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { INERT_HEADERS } from "@/lib/engine-paths";
import { type Auth, requireSecret } from "./auth";
import type { Identity } from "./identity";
import { parseJson, readBody } from "./body";
import {
  createRouter,
  type EngineRequest,
  type ErrorShape,
  HttpError,
  json,
  renderError,
  type Reply,
  type Route,
  splitCaller,
} from "./route";
import type { Log } from "../log";
import type { createOneTimeTokens } from "./one-time-tokens";

const BODY_LIMIT = 1024 * 1024;
const UNREAD_GRACE_MS = 5_000;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export type AccessRules = {
  /** Names beside loopback under which the engine may be addressed; anything else smells of DNS rebinding. */
  allowedHosts: string[];
  /** Origins beside loopback whose pages may call the engine directly. */
  allowedOrigins: string[];
};

type OneTimeTokens = ReturnType<typeof createOneTimeTokens>;

type Options = { auth: Auth; oneTimeTokens: OneTimeTokens; routes: Route[]; access: AccessRules; log: Log };

export function createServer({ auth, oneTimeTokens, routes, access, log }: Options) {
  const match = createRouter(routes);

  return async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    let shape: ErrorShape = "api";
    let reply: Reply;
    try {
      requireKnownHost(message.headers.host, access);
      if (message.method === "OPTIONS") reply = preflight(message);
      else {
        const target = targetOf(message);
        const found = match(message.method ?? "GET", target.path);
        if (!found)
          throw new HttpError(404, `The engine has no ${message.method} ${target.path.slice(0, 300)}`);
        shape = found.route.shape;
        const { access: wanted } = found.route;
        const identity: Identity =
          wanted === "open" ? { kind: "none" } : await auth.authenticate(message.headers.authorization);
        if (wanted === "secret") requireSecret(identity);
        if (identity.kind === "public" && identity.once)
          await oneTimeTokens.use(identity.once, callKeyOf(message));
        reply = await found.route.handler(toRequest(message, target, found.params, identity));
      }
    } catch (error) {
      reply = renderError(asHttpError(error), shape);
    }
    await write(message, response, reply);
    if (reply.status >= 400) {
      const { path } = targetOf(message);
      const ms = Math.round(performance.now() - started);
      log("request refused", { method: message.method, path, status: reply.status, ms });
    }
  };

  async function write(message: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    response.writeHead(reply.status, {
      ...crossOrigin(message.headers.origin),
      ...reply.headers,
      ...INERT_HEADERS,
    });
    if (!reply.stream) {
      response.end(reply.body);
      letGo(message);
      return;
    }
    // The client gives a stream 30 s to show its headers, which may be long before its first record.
    response.flushHeaders();
    try {
      await reply.stream(response);
    } catch (error) {
      log("stream broke off", { error: (error as Error).message });
      response.destroy(); // Not ended: the reader must not take this for the end, but come back with its cursor.
    }
  }

  function crossOrigin(origin: string | undefined): Record<string, string> {
    if (origin === undefined || !isAllowedOrigin(origin, access)) return {};
    return { "access-control-allow-origin": origin, "access-control-expose-headers": "*", vary: "origin" };
  }

  function asHttpError(error: unknown): HttpError {
    if (error instanceof HttpError) return error;
    const { message, stack, code } = error as Error & { code?: unknown };
    // PostgreSQL's class 22: the value itself cannot be stored (a NUL, a date out of range).
    if (typeof code === "string" && /^22...$/.test(code))
      return new HttpError(400, `A value of this request cannot be stored: ${message}`);
    log("request failed", { error: message, at: stack?.split("\n")[1]?.trim() });
    // Mostly the database being away: worth another try.
    return new HttpError(503, "The engine could not answer this just now");
  }
}

/** Answered before its body was there: whoever goes on sending it after that must not keep the socket. */
function letGo(message: IncomingMessage): void {
  if (message.complete) return;
  const timer = setTimeout(() => {
    if (!message.complete) message.socket.destroy();
  }, UNREAD_GRACE_MS);
  timer.unref();
}

function callKeyOf(message: IncomingMessage): string {
  return String(message.headers["x-trigger-request-idempotency-key"] ?? randomUUID());
}

type Target = ReturnType<typeof targetOf>;

function targetOf(message: IncomingMessage) {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  return { ...splitCaller(mark < 0 ? url : url.slice(0, mark)), query };
}

function toRequest(
  message: IncomingMessage,
  target: Target,
  params: Record<string, string>,
  identity: Identity,
): EngineRequest {
  const { path, query, caller } = target;
  const body = (limit = BODY_LIMIT) => readBody(message, limit);
  return {
    method: message.method ?? "GET",
    path,
    params,
    query,
    headers: message.headers,
    identity,
    caller,
    body,
    json: async (schema, limit) => parseJson(await body(limit), schema),
  };
}

function preflight(message: IncomingMessage): Reply {
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, PUT, PATCH, OPTIONS",
      "access-control-allow-headers": message.headers["access-control-request-headers"] ?? "*",
      "access-control-max-age": "86400",
    },
  };
}

function requireKnownHost(host: string | undefined, access: AccessRules): void {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  if (LOOPBACK.has(name) || access.allowedHosts.includes(name)) return;
  throw new HttpError(403, `The engine does not answer for host ${JSON.stringify(name.slice(0, 100))}`);
}

function isAllowedOrigin(origin: string, access: AccessRules): boolean {
  if (access.allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && LOOPBACK.has(new URL(origin).hostname);
}

export function healthRoute(describe: () => Promise<{ ok: boolean }>): Route {
  return {
    method: "GET",
    pattern: "/healthz",
    shape: "api",
    access: "open",
    handler: async () => {
      const health = await describe();
      return json(health.ok ? 200 : 503, health);
    },
  };
}
