import { z } from "zod";
import type { Auth } from "../http/auth";
import type { Attempts } from "../runs/attempts";
import type { Blobs } from "./blobs";
import type { Continuations } from "../runs/continuations";
import { parseTimeout, Ttl } from "../duration";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import type { Behavior } from "../mode";
import type { Removal } from "../runs/removal";
import {
  type Page,
  type Session,
  type SessionFilter,
  type Sessions,
  type SessionStatus,
} from "../runs/sessions";
import { addressOf, authorizeSession, isOpen, sessionItem, streamName } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";
import type { WorkerHost } from "../worker/worker-host";

type Options = {
  auth: Auth;
  sessions: Sessions;
  continuations: Continuations;
  attempts: Attempts;
  waitpoints: Waitpoints;
  blobs: Blobs;
  removal: Removal;
  host: WorkerHost;
  behavior: Behavior;
};

/** Head start ships the whole history in the payload. */
const CREATE_LIMIT = 4 * 1024 * 1024;

const Tags = z.array(z.string().max(128)).max(10);
const Metadata = z.record(z.string(), z.unknown());

const CreateBody = z.object({
  type: z.string().min(1).max(64),
  externalId: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine((id) => !id.startsWith("session_"), "must not start with session_, which is reserved")
    .refine((id) => !id.includes("\u0000"), "must not contain NUL")
    .optional(),
  taskIdentifier: z.string().min(1).max(128),
  triggerConfig: z.looseObject({
    basePayload: z.record(z.string(), z.unknown()),
    tags: Tags.optional(),
    concurrencyKey: z.string().min(1).max(128).optional(),
    maxAttempts: z.number().int().min(1).max(10).optional(),
    maxDuration: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional(),
    idleTimeoutInSeconds: z.number().int().min(1).max(3_600).optional(),
    ttl: Ttl.optional(),
  }),
  tags: Tags.optional(),
  metadata: Metadata.optional(),
  expiresAt: z.coerce.date().optional(),
});

const UpdateBody = z.object({
  tags: Tags.optional(),
  metadata: Metadata.nullable().optional(),
  externalId: z.string().nullable().optional(),
});
const CloseBody = z.object({ reason: z.string().max(256).optional(), callingRunId: z.string().optional() });
const ExpireBody = z.object({ externalIds: z.array(z.string().max(128)).max(1_000) });
const SwapBody = z.looseObject({ callingRunId: z.string() });

export function sessionRoutes(options: Options): Route[] {
  const { auth, sessions, continuations, attempts, waitpoints, blobs, removal, host, behavior } = options;
  return [
    route("POST /api/v1/sessions", create),
    route("GET /api/v1/sessions", list),
    route("GET /api/v1/sessions/:session", retrieve, { access: "token" }),
    route("PATCH /api/v1/sessions/:session", update),
    route("POST /api/v1/sessions/:session/close", close),
    route("POST /api/v1/sessions/:session/end-and-continue", swap),
    route("PUT /api/v1/sessions/:session/snapshot-url", async (request) => {
      const session = await named(request);
      requireLive(request);
      return json(200, { presignedUrl: blobs.url("PUT", snapshotKey(session)) });
    }),
    route("GET /api/v1/sessions/:session/snapshot-url", async (request) => {
      return json(200, { presignedUrl: blobs.url("GET", snapshotKey(await named(request))) });
    }),
    route("GET /api/v1/sessions/:session/transcript", transcript),
    // Not of the platform: what the app asks for when a chat is deleted, and a day later.
    route("POST /api/v1/sessions/:session/revoke", async (request) => {
      await removal.revoke(request.params["session"]!);
      return json(200, { ok: true });
    }),
    // Nor this: somebody has signed out, and what their pages have been given should open nothing any more.
    route("POST /api/v1/session-tokens/expire", async (request) => {
      const { externalIds } = await request.json(ExpireBody, CREATE_LIMIT);
      await sessions.expireTokens(externalIds);
      return json(200, { ok: true });
    }),
    route("DELETE /api/v1/sessions/:session", async (request) => {
      await removal.purge(request.params["session"]!);
      return json(200, { ok: true });
    }),
  ];

  async function create(request: EngineRequest): Promise<Reply> {
    const body = await request.json(CreateBody, CREATE_LIMIT);
    const tasks = host.tasks();
    if (!tasks.has(body.taskIdentifier)) {
      const known = [...tasks.keys()].join(", ") || "none";
      throw new HttpError(
        422,
        `There is no task ${JSON.stringify(body.taskIdentifier)}; known tasks: ${known}`,
      );
    }
    const { session, created } = await sessions.create({
      externalId: body.externalId ?? null,
      type: body.type,
      task: body.taskIdentifier,
      triggerConfig: body.triggerConfig,
      tags: body.tags ?? [],
      metadata: body.metadata ?? null,
      expiresAt: body.expiresAt ?? null,
    });
    return continuations.withSession(session.id, async (found) => {
      const current = found.revokedAt === null ? found : await removal.reinstate(found);
      if (!isOpen(current)) {
        throw new HttpError(409, "Session is closed; use a different externalId to create a new session");
      }
      const updated = created ? current : await sessions.update(current.id, { ...body });
      const { runId } = await continuations.ensureRun(updated, "continuation");
      const address = addressOf(updated);
      const scopes = [`read:sessions:${address}`, `write:sessions:${address}`];
      return json(created ? 201 : 200, {
        ...describe({ ...updated, currentRunId: runId }),
        runId,
        publicAccessToken: await auth.mintToken(scopes, "1h"),
        isCached: !created,
      });
    });
  }

  /** Authorizes before it says whether the session exists. */
  async function retrieve(request: EngineRequest): Promise<Reply> {
    const key = request.params["session"]!;
    const session = await sessions.find(key);
    return json(200, describe(authorizeSession(request.identity, "read:sessions", key, session)));
  }

  async function list(request: EngineRequest): Promise<Reply> {
    const found = await sessions.list(parseFilter(request.query), parsePage(request.query));
    const { next, previous } = found;
    return json(200, {
      data: found.sessions.map(describe),
      pagination: {
        ...(next === undefined ? {} : { next }),
        ...(previous === undefined ? {} : { previous }),
      },
    });
  }

  async function update(request: EngineRequest): Promise<Reply> {
    const session = await named(request);
    const { externalId, ...fields } = await request.json(UpdateBody);
    if (externalId !== undefined && externalId !== session.externalId) {
      throw new HttpError(422, "externalId cannot be changed");
    }
    return json(200, describe(await sessions.update(session.id, fields)));
  }

  async function close(request: EngineRequest): Promise<Reply> {
    const found = await named(request);
    const { reason, callingRunId } = await request.json(CloseBody);
    if (callingRunId !== undefined) requireLive(request);
    const { session, wake } = await continuations.close(found.id, reason ?? null, callingRunId);
    if (wake !== undefined) await waitpoints.completeForStream(streamName(session.id, "in"), wake);
    return json(200, describe(session));
  }

  async function swap(request: EngineRequest): Promise<Reply> {
    const session = await named(request);
    requireLive(request);
    const { callingRunId } = await request.json(SwapBody);
    return json(200, await continuations.swap(session.id, callingRunId));
  }

  /** Pages through the transcript that the SDK's default storage keeps as a blob. */
  async function transcript(request: EngineRequest): Promise<Reply> {
    const session = await named(request);
    const blob = await blobs.read(snapshotKey(session));
    if (!blob) return json(200, { messages: [] });
    const { parseTranscriptBlob, pageTranscriptEntries } = await import("@trigger.dev/core/v3");
    const stored = parseTranscriptBlob(blob.body.toString("utf8"));
    if (!stored) return json(200, { messages: [] });
    const limit = request.query.get("limit");
    const before = request.query.get("before");
    const page = pageTranscriptEntries(stored.messages, {
      ...(limit === null ? {} : { limit: Number(limit) }),
      ...(before === null ? {} : { before }),
    });
    const { lastOutEventId, lastInEventId } = stored;
    return json(200, {
      messages: page.entries.map((entry) => entry.message),
      cursors: { lastOutEventId, lastInEventId },
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    });
  }

  /** With what its run does now, so that a page can say "queued" instead of looking stuck. Null: no run is alive. */
  function describe(session: Session) {
    if (!behavior.showsCurrentRun) return sessionItem(session);
    const run = attempts.find(session.currentRunId ?? "");
    const queuePosition = run && attempts.queuePosition(run.run.id);
    const currentRun = run
      ? { id: run.run.id, status: run.status, reason: run.run.reason, queuePosition }
      : null;
    return { ...sessionItem(session), currentRun };
  }

  function named(request: EngineRequest): Promise<Session> {
    return sessions.get(request.params["session"]!);
  }

  /** A run that has ended, but whose process still has a request under way, must not change its session any more. */
  function requireLive(request: EngineRequest): void {
    if (!request.caller || attempts.mayWrite(request.caller)) return;
    throw new HttpError(409, "This run has ended and must not change its session", { code: "run_ended" });
  }
}

function snapshotKey(session: Session): string {
  return `snapshots/${session.id}`;
}

function parsePage(query: URLSearchParams): Page {
  const size = Number(query.get("page[size]") ?? 20);
  if (!Number.isInteger(size) || size < 1 || size > 100)
    throw new HttpError(400, "page[size] must be 1 to 100");
  return {
    size,
    after: query.get("page[after]") ?? undefined,
    before: query.get("page[before]") ?? undefined,
  };
}

function parseFilter(query: URLSearchParams): SessionFilter {
  const values = (name: string) => query.get(`filter[${name}]`)?.split(",").filter(Boolean);
  const millis = (name: string) => {
    const text = query.get(`filter[createdAt][${name}]`);
    if (text === null) return undefined;
    const date = new Date(/^\d+$/.test(text) ? Number(text) : text);
    if (Number.isNaN(date.getTime())) throw new HttpError(400, `filter[createdAt][${name}] is not a date`);
    return date;
  };
  const period = query.get("filter[createdAt][period]");
  const statuses = values("status");
  const unknown = statuses?.find((status) => !["ACTIVE", "CLOSED", "EXPIRED"].includes(status));
  if (unknown !== undefined)
    throw new HttpError(400, `filter[status] does not know ${JSON.stringify(unknown)}`);
  return {
    type: values("type"),
    tags: values("tags"),
    taskIdentifier: values("taskIdentifier"),
    externalId: values("externalId"),
    status: statuses as SessionStatus[] | undefined,
    from: period === null ? millis("from") : new Date(Date.now() - parseTimeout(period)),
    to: millis("to"),
  };
}
