/** Takes a request from a socket to its handler and back. This is the only place that writes a response. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { INERT_HEADERS } from "@/lib/engine-paths";
import type { Log } from "../log";
import { type Auth, type Identity, requireSecret } from "./auth";
import { splitCaller } from "./caller";
import { type ErrorShape, HttpError, renderError } from "./errors";
import type { OneTimeTokens } from "./one-time-tokens";
import type { Reply } from "./reply";
import type { Route } from "./route";
import { createRouter } from "./router";

const UNREAD_GRACE_MS = 5_000;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export type AccessRules = {
  /** Host names beside loopback under which the engine may be addressed; any other suggests DNS rebinding. */
  allowedHosts: string[];
  /** Origins beside loopback whose pages may call the engine directly. */
  allowedOrigins: string[];
};

type Options = { auth: Auth; oneTimeTokens: OneTimeTokens; routes: Route[]; access: AccessRules; log: Log };

export function createServer({ auth, oneTimeTokens, routes, access, log }: Options) {
  const findRoute = createRouter(routes);

  return async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { path, query, caller } = targetOf(message);
    let shape: ErrorShape = "api";
    let reply: Reply;
    try {
      requireAllowedHost(message.headers.host, access);
      if (message.method === "OPTIONS") reply = preflight(message);
      else {
        const { route, params } = matched(message.method ?? "GET", path);
        shape = route.shape;
        const identity = await authenticate(message, route);
        reply = await route.handle({ message, params, query, identity, caller });
      }
    } catch (error) {
      reply = renderError(asHttpError(error), shape);
    }
    await write(message, response, reply);
    if (reply.status >= 400) {
      const ms = Math.round(performance.now() - started);
      log("request refused", { method: message.method, path, status: reply.status, ms });
    }
  };

  function matched(method: string, path: string) {
    const match = findRoute(method, path);
    if (!match) throw new HttpError(404, `The engine has no ${method} ${path.slice(0, 300)}`);
    return match;
  }

  async function authenticate({ headers }: IncomingMessage, route: Route): Promise<Identity> {
    if (route.access === "open") return { kind: "none" };
    const identity = await auth.authenticate(headers.authorization);
    if (route.access === "secret") requireSecret(identity);
    if (identity.kind === "public" && identity.once) {
      const callKey = String(headers["x-trigger-request-idempotency-key"] ?? randomUUID());
      await oneTimeTokens.use(identity.once, callKey);
    }
    return identity;
  }

  async function write(message: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    response.writeHead(reply.status, {
      ...crossOrigin(message.headers.origin),
      ...reply.headers,
      ...INERT_HEADERS,
    });
    if (!reply.stream) {
      response.end(reply.body);
      releaseSocket(message);
      return;
    }
    // The client waits 30 s for the headers of a stream, and the first record may take longer than that.
    response.flushHeaders();
    try {
      await reply.stream(response);
    } catch (error) {
      log("stream broke off", { error: (error as Error).message });
      // An orderly end would tell the reader that nothing more comes; after a reset it reconnects with its cursor.
      response.destroy();
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
    // The usual cause is a database outage, so a retry can succeed.
    return new HttpError(503, "The engine could not answer this just now. Try again in a moment");
  }
}

/** Closes the socket of a client that keeps sending a body after the response to it is complete. */
function releaseSocket(message: IncomingMessage): void {
  if (message.complete) return;
  const timer = setTimeout(() => {
    if (!message.complete) message.socket.destroy();
  }, UNREAD_GRACE_MS);
  timer.unref();
}

function targetOf(message: IncomingMessage) {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  return { ...splitCaller(mark < 0 ? url : url.slice(0, mark)), query };
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

function requireAllowedHost(host: string | undefined, access: AccessRules): void {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  if (LOOPBACK.has(name) || access.allowedHosts.includes(name)) return;
  throw new HttpError(403, `The engine does not answer for host ${JSON.stringify(name.slice(0, 100))}`);
}

function isAllowedOrigin(origin: string, access: AccessRules): boolean {
  if (access.allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && LOOPBACK.has(new URL(origin).hostname);
}
