import { parseTimeout } from "../duration";
import type { Auth } from "../http/auth";
import { HttpError } from "../http/errors";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import type { Behavior } from "../mode";
import type { Attempts } from "../runs/attempts";
import type { Continuations } from "../runs/continuations";
import type { Removal } from "../runs/removal";
import { addressOf, authorizeSession, isOpen, type Session, sessionItem, streamName } from "../runs/session";
import type { Page, SessionFilter, Sessions } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";
import type { WorkerHost } from "../worker/worker-host";
import type { Blobs } from "./blobs";
import { requireLiveCaller } from "./live-caller";
import {
  Close,
  Create,
  ExpireTokens,
  List,
  OneSession,
  Retrieve,
  Swap,
  Transcript,
  Update,
  WithoutBody,
} from "./session-input";

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

export function sessionRoutes(options: Options): Route[] {
  const { auth, sessions, continuations, attempts, waitpoints, blobs, removal, host, behavior } = options;
  return [
    route("POST /api/v1/sessions", Create, create),
    route("GET /api/v1/sessions", List, list),
    route("GET /api/v1/sessions/:session", Retrieve, retrieve),
    route("PATCH /api/v1/sessions/:session", Update, update),
    route("POST /api/v1/sessions/:session/close", Close, close),
    route("POST /api/v1/sessions/:session/end-and-continue", Swap, swap),
    route("PUT /api/v1/sessions/:session/snapshot-url", WithoutBody, async ({ params, caller }) => {
      const session = await sessions.get(params.session);
      requireLiveCaller(attempts, caller);
      return json(200, { presignedUrl: blobs.urlOf("PUT", snapshotKey(session)) });
    }),
    route("GET /api/v1/sessions/:session/snapshot-url", OneSession, async ({ params }) => {
      const session = await sessions.get(params.session);
      return json(200, { presignedUrl: blobs.urlOf("GET", snapshotKey(session)) });
    }),
    route("GET /api/v1/sessions/:session/transcript", Transcript, transcript),
    // The platform doesn't have these three. The app revokes a session when its chat is deleted, purges it a day later,
    // and expires the tokens of a person who signs out.
    route("POST /api/v1/sessions/:session/revoke", WithoutBody, async ({ params }) => {
      await removal.revoke(params.session);
      return json(200, { ok: true });
    }),
    route("POST /api/v1/session-tokens/expire", ExpireTokens, async ({ body }) => {
      await sessions.expireTokens(body.externalIds);
      return json(200, { ok: true });
    }),
    route("DELETE /api/v1/sessions/:session", OneSession, async ({ params }) => {
      await removal.purge(params.session);
      return json(200, { ok: true });
    }),
  ];

  async function create({ body }: EngineRequest<typeof Create>): Promise<Reply> {
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
    return continuations.withSession(session.id, async (stored) => {
      const current = stored.revokedAt === null ? stored : await removal.reinstate(stored);
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

  async function retrieve({ params, identity }: EngineRequest<typeof Retrieve>): Promise<Reply> {
    const session = await sessions.find(params.session);
    return json(200, describe(authorizeSession(identity, "read:sessions", params.session, session)));
  }

  async function list({ query }: EngineRequest<typeof List>): Promise<Reply> {
    const page = await sessions.list(filterOf(query), pageOf(query));
    const { next, previous } = page;
    return json(200, {
      data: page.sessions.map(describe),
      pagination: {
        ...(next === undefined ? {} : { next }),
        ...(previous === undefined ? {} : { previous }),
      },
    });
  }

  async function update({ params, body }: EngineRequest<typeof Update>): Promise<Reply> {
    const session = await sessions.get(params.session);
    const { externalId, ...fields } = body;
    if (externalId !== undefined && externalId !== session.externalId) {
      throw new HttpError(422, "externalId cannot be changed");
    }
    return json(200, describe(await sessions.update(session.id, fields)));
  }

  async function close({ params, body, caller }: EngineRequest<typeof Close>): Promise<Reply> {
    const { id } = await sessions.get(params.session);
    const { reason, callingRunId } = body;
    if (callingRunId !== undefined) requireLiveCaller(attempts, caller);
    const { session, wake } = await continuations.close(id, reason ?? null, callingRunId);
    if (wake !== undefined) await waitpoints.completeForStream(streamName(session.id, "in"), wake);
    return json(200, describe(session));
  }

  async function swap({ params, body, caller }: EngineRequest<typeof Swap>): Promise<Reply> {
    const session = await sessions.get(params.session);
    requireLiveCaller(attempts, caller);
    return json(200, await continuations.swap(session.id, body.callingRunId, body.reason));
  }

  /** Pages through the transcript that the SDK's default storage keeps as a blob. */
  async function transcript({ params, query }: EngineRequest<typeof Transcript>): Promise<Reply> {
    const session = await sessions.get(params.session);
    const blob = await blobs.load(snapshotKey(session));
    if (!blob) return json(200, { messages: [] });
    const { parseTranscriptBlob, pageTranscriptEntries } = await import("@trigger.dev/core/v3");
    const stored = parseTranscriptBlob(blob.body.toString("utf8"));
    if (!stored) return json(200, { messages: [] });
    const { limit, before } = query;
    const page = pageTranscriptEntries(stored.messages, {
      ...(limit === undefined ? {} : { limit }),
      ...(before === undefined ? {} : { before }),
    });
    const { lastOutEventId, lastInEventId } = stored;
    return json(200, {
      messages: page.entries.map((entry) => entry.message),
      cursors: { lastOutEventId, lastInEventId },
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    });
  }

  /** Adds the state of the current run, so that a page can show "queued". Null: no run is alive. */
  function describe(session: Session) {
    if (!behavior.showsCurrentRun) return sessionItem(session);
    const run = attempts.find(session.currentRunId ?? "");
    const queuePosition = run && attempts.queuePosition(run.run.id);
    const currentRun = run
      ? { id: run.run.id, status: run.status, reason: run.run.reason, queuePosition }
      : null;
    return { ...sessionItem(session), currentRun };
  }
}

function snapshotKey(session: Session): string {
  return `snapshots/${session.id}`;
}

function pageOf(query: EngineRequest<typeof List>["query"]): Page {
  return { size: query["page[size]"], after: query["page[after]"], before: query["page[before]"] };
}

function filterOf(query: EngineRequest<typeof List>["query"]): SessionFilter {
  const period = query["filter[createdAt][period]"];
  return {
    type: query["filter[type]"],
    tags: query["filter[tags]"],
    taskIdentifier: query["filter[taskIdentifier]"],
    externalId: query["filter[externalId]"],
    status: query["filter[status]"],
    from:
      period === undefined ? query["filter[createdAt][from]"] : new Date(Date.now() - parseTimeout(period)),
    to: query["filter[createdAt][to]"],
  };
}
