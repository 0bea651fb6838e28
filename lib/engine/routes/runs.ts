import { z } from "zod";
import type { Attempts } from "../runs/attempts";
import { ENVIRONMENT_ID, requireOwn } from "../http/auth";
import type { Blobs } from "./blobs";
import { MAX_SECONDS, parseTimeout, Ttl } from "../duration";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import { applyOperations, MetadataOperation } from "../runs/metadata";
import { createMutex } from "../mutex";
import { isLive, type Run, type Runs } from "../runs/runs";
import type { WorkerHost } from "../worker/worker-host";

type Options = { runs: Runs; attempts: Attempts; blobs: Blobs; host: WorkerHost };

const STORED = "application/store";
const TRIGGER_LIMIT = 8 * 1024 * 1024;

const TagInput = z.union([z.string(), z.array(z.string())]).transform((tags) => [tags].flat());

const TriggerBody = z.looseObject({
  payload: z.unknown().optional(),
  options: z
    .looseObject({
      payloadType: z.string().optional(),
      parentRunId: z.string().optional(),
      resumeParentOnCompletion: z.boolean().optional(),
      tags: TagInput.optional(),
      idempotencyKey: z.string().optional(),
      concurrencyKey: z.string().min(1).max(128).optional(),
      maxAttempts: z.number().int().min(1).max(100).optional(),
      maxDuration: z.number().int().min(1).max(MAX_SECONDS).optional(),
      delay: z.string().optional(),
      ttl: Ttl.optional(),
      metadata: z.unknown().optional(),
    })
    .optional(),
});

const MetadataBody = z.object({
  metadata: z.record(z.string(), z.unknown()).optional(),
  operations: z.array(MetadataOperation).optional(),
  parentOperations: z.array(MetadataOperation).optional(),
  rootOperations: z.array(MetadataOperation).optional(),
});

export function runRoutes({ runs, attempts, blobs, host }: Options): Route[] {
  const exclusive = createMutex();
  return [
    route("POST /api/v1/tasks/:task/trigger", trigger),
    route("GET /api/v1/runs", list),
    route("GET /api/v3/runs/:run", retrieve, { access: "token" }),
    route("POST /api/v2/runs/:run/cancel", cancel),
    route("PUT /api/v1/runs/:run/metadata", updateMetadata),
    route("GET /api/v1/runs/:run/metadata", async (request) => {
      return json(200, { metadata: (await runs.get(request.params["run"]!)).metadata });
    }),
    route("POST /api/v1/runs/:run/tags", async (request) => {
      const { tags } = await request.json(z.object({ tags: TagInput }));
      const run = await runs.get(request.params["run"]!);
      const all = await runs.addTags(run.id, tags);
      return json(200, { message: `The run has ${all.length} tags` });
    }),
    route("PUT /api/v2/packets/*file", async (request) => {
      const file = request.params["file"]!;
      return json(200, { presignedUrl: blobs.url("PUT", packetKey(file)), storagePath: file });
    }),
    route("GET /api/v1/packets/*file", async (request) => {
      return json(200, { presignedUrl: blobs.url("GET", packetKey(request.params["file"]!)) });
    }),
  ];

  async function retrieve(request: EngineRequest): Promise<Reply> {
    requireOwn(request.identity, "read:runs", request.params["run"]!);
    const run = await runs.get(request.params["run"]!);
    return json(200, { ...runItem(run), ...storedPackets(run) });
  }

  /** What was too large to send is in a blob, and its packet holds only the name. */
  function storedPackets(run: Run) {
    const address = (file: string) => blobs.url("GET", packetKey(file));
    return {
      ...(run.payloadType === STORED
        ? { payload: undefined, payloadPresignedUrl: address(run.payload) }
        : {}),
      ...(run.outputType === STORED && run.output !== null
        ? { output: undefined, outputPresignedUrl: address(run.output) }
        : {}),
    };
  }

  async function trigger(request: EngineRequest): Promise<Reply> {
    const task = request.params["task"]!;
    const body = await request.json(TriggerBody, TRIGGER_LIMIT);
    if (!host.tasks().has(task)) throw new HttpError(422, `There is no task ${JSON.stringify(task)}`);
    const settings = body.options ?? {};
    const { payload = "{}" } = body;
    const delayMs = settings.delay === undefined ? 0 : parseTimeout(settings.delay);
    const ttlMs = settings.ttl === undefined ? 0 : parseTimeout(settings.ttl);
    // All tries of one call carry the same key; a user's own key reaches further and is kept apart from it.
    const callKey = request.headers["x-trigger-request-idempotency-key"];
    const userKey = settings.idempotencyKey;
    const { run, created } = await runs.create({
      task,
      reason: "trigger",
      payload: typeof payload === "string" ? payload : JSON.stringify(payload),
      payloadType: settings.payloadType ?? "application/json",
      tags: settings.tags ?? [],
      concurrencyKey: settings.concurrencyKey,
      maxAttempts: settings.maxAttempts,
      maxDuration: settings.maxDuration,
      parentId: settings.parentRunId,
      parentWaits: settings.resumeParentOnCompletion ?? false,
      metadata: parseMetadata(settings.metadata),
      delayedUntil: delayMs > 0 ? new Date(Date.now() + delayMs) : undefined,
      expiresAt: ttlMs > 0 ? new Date(Date.now() + delayMs + ttlMs) : undefined,
      idempotencyKey:
        userKey !== undefined ? `user:${userKey}` : callKey ? `call:${String(callKey)}` : undefined,
    });
    if (created) attempts.start(run);
    const claims = JSON.stringify({ sub: ENVIRONMENT_ID, pub: true });
    return json(200, { id: run.id, isCached: !created }, { "x-trigger-jwt-claims": claims });
  }

  async function list(request: EngineRequest): Promise<Reply> {
    const size = Math.min(100, Math.max(1, Number(request.query.get("page[size]") ?? 25) || 25));
    const found = await runs.list({}, size, request.query.get("page[after]") ?? undefined);
    const environment = { id: ENVIRONMENT_ID, name: "dev" };
    const last = found.at(-1);
    return json(200, {
      data: found.map((run) => ({ ...runItem(run), env: environment })),
      pagination: found.length === size && last ? { next: last.id } : {},
    });
  }

  async function cancel(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    await attempts.cancel(run.id);
    return json(200, { id: run.id });
  }

  async function updateMetadata(request: EngineRequest): Promise<Reply> {
    const run = await runs.get(request.params["run"]!);
    const body = await request.json(MetadataBody, TRIGGER_LIMIT);
    const metadata = await change(run.id, (before) =>
      applyOperations(body.metadata ?? before, body.operations ?? []),
    );
    if (run.parentId && body.parentOperations?.length) {
      await change(run.parentId, (before) => applyOperations(before, body.parentOperations!));
    }
    if (body.rootOperations?.length) {
      const root = await rootOf(run);
      await change(root.id, (before) => applyOperations(before, body.rootOperations!));
    }
    return json(200, { metadata });
  }

  function change(
    runId: string,
    apply: (before: Record<string, unknown>) => Promise<Record<string, unknown>>,
  ) {
    return exclusive(runId, async () => {
      const metadata = await apply((await runs.get(runId)).metadata);
      await runs.setMetadata(runId, metadata);
      return metadata;
    });
  }

  async function rootOf(run: Run): Promise<Run> {
    if (run.parentId === null) return run;
    const parent = await runs.find(run.parentId);
    return parent ? rootOf(parent) : run;
  }
}

function packetKey(file: string): string {
  return `packets/${file}`;
}

function parseMetadata(value: unknown): Record<string, unknown> {
  if (typeof value !== "string") return (value ?? {}) as Record<string, unknown>;
  try {
    return JSON.parse(value) as Record<string, unknown>;
  } catch {
    throw new HttpError(400, "options.metadata is not valid JSON");
  }
}

function runItem(run: Run) {
  const start = run.startedAt ?? run.createdAt;
  const end = run.finishedAt ?? new Date();
  const delayed = run.status === "QUEUED" && run.delayedUntil !== null && run.delayedUntil > new Date();
  return {
    id: run.id,
    status: delayed ? "DELAYED" : run.status,
    taskIdentifier: run.task,
    version: run.version ?? undefined,
    isQueued: run.status === "QUEUED",
    isExecuting: run.status === "EXECUTING",
    isWaiting: run.status === "WAITING",
    isCompleted: !isLive(run),
    isSuccess: run.status === "COMPLETED",
    isFailed: ["FAILED", "CRASHED", "TIMED_OUT", "EXPIRED"].includes(run.status),
    isCancelled: run.status === "CANCELED",
    isTest: false,
    reason: run.reason,
    delayedUntil: run.delayedUntil ?? undefined,
    createdAt: run.createdAt,
    updatedAt: run.finishedAt ?? run.startedAt ?? run.createdAt,
    startedAt: run.startedAt ?? undefined,
    finishedAt: run.finishedAt ?? undefined,
    tags: run.tags,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: run.startedAt ? end.getTime() - start.getTime() : 0,
    metadata: run.metadata,
    payload: parsePacket(run.payload, run.payloadType),
    output: run.output === null ? undefined : parsePacket(run.output, run.outputType ?? "application/json"),
    error: run.error
      ? { message: run.error.message ?? run.error.code ?? "Unknown error", name: run.error.name }
      : undefined,
    attemptCount: run.attempt,
    // The client refuses a run without these two.
    depth: run.parentId === null ? 0 : 1,
    triggerFunction: run.parentWaits ? "triggerAndWait" : "trigger",
    relatedRuns: {},
  };
}

function parsePacket(text: string, type: string): unknown {
  const superJson = type === "application/super+json";
  if (!superJson && !type.startsWith("application/json")) return text;
  try {
    const value: unknown = JSON.parse(text);
    // The rest of super+json says how to revive dates and the like, which the answer, plain JSON, could not carry.
    return superJson ? (value as { json: unknown }).json : value;
  } catch {
    return text; // Stored as the sender serialised it; the reader still gets to see it.
  }
}
