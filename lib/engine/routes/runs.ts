import { z } from "zod";
import { MAX_SECONDS, parseTimeout, Timeout, Ttl } from "../duration";
import { ENVIRONMENT_ID, requireOwn } from "../http/auth";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import { createMutex } from "../mutex";
import type { Attempts } from "../runs/attempts";
import { applyOperations, MetadataOperation } from "../runs/metadata";
import { isLive, type Run, type Runs } from "../runs/runs";
import type { WorkerHost } from "../worker/worker-host";
import type { Blobs } from "./blobs";

type Options = { runs: Runs; attempts: Attempts; blobs: Blobs; host: WorkerHost };

const STORED = "application/store";
const LARGE_LIMIT = 8 * 1024 * 1024;

const tags = z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat());

const Trigger = {
  params: z.object({ task: Text }),
  headers: z.object({ "x-trigger-request-idempotency-key": Text.optional() }),
  body: z.looseObject({
    payload: z.unknown().optional(),
    options: z
      .looseObject({
        payloadType: z.string().optional(),
        parentRunId: z.string().optional(),
        resumeParentOnCompletion: z.boolean().optional(),
        tags: tags.optional(),
        idempotencyKey: z.string().optional(),
        concurrencyKey: z.string().min(1).max(128).optional(),
        maxAttempts: z.number().int().min(1).max(100).optional(),
        maxDuration: z.number().int().min(1).max(MAX_SECONDS).optional(),
        delay: Timeout.optional(),
        ttl: Ttl.optional(),
        metadata: z.unknown().optional(),
      })
      .optional(),
  }),
  limit: LARGE_LIMIT,
};
const List = {
  query: z.object({
    "page[size]": z.coerce.number().int().min(1).max(100).default(25),
    "page[after]": Text.optional(),
  }),
};
const OneRun = { params: z.object({ run: Text }) };
const Retrieve = { ...OneRun, access: "token" } as const;
const Cancel = { ...OneRun, body: "none" } as const;
const UpdateMetadata = {
  ...OneRun,
  body: z.object({
    metadata: z.record(z.string(), z.unknown()).optional(),
    operations: z.array(MetadataOperation).optional(),
    parentOperations: z.array(MetadataOperation).optional(),
    rootOperations: z.array(MetadataOperation).optional(),
  }),
  limit: LARGE_LIMIT,
};
const AddTags = { ...OneRun, body: z.object({ tags }) };
const Packet = { params: z.object({ file: Text }) };
const UploadPacket = { ...Packet, body: "none" } as const;

export function runRoutes({ runs, attempts, blobs, host }: Options): Route[] {
  const exclusive = createMutex();
  return [
    route("POST /api/v1/tasks/:task/trigger", Trigger, trigger),
    route("GET /api/v1/runs", List, list),
    route("GET /api/v3/runs/:run", Retrieve, retrieve),
    route("POST /api/v2/runs/:run/cancel", Cancel, cancel),
    route("PUT /api/v1/runs/:run/metadata", UpdateMetadata, updateMetadata),
    route("GET /api/v1/runs/:run/metadata", OneRun, async ({ params }) => {
      return json(200, { metadata: (await runs.get(params.run)).metadata });
    }),
    route("POST /api/v1/runs/:run/tags", AddTags, async ({ params, body }) => {
      const { id } = await runs.get(params.run);
      const all = await runs.addTags(id, body.tags);
      return json(200, { message: `The run has ${all.length} tags` });
    }),
    route("PUT /api/v2/packets/*file", UploadPacket, ({ params: { file } }) =>
      json(200, { presignedUrl: blobs.urlOf("PUT", packetKey(file)), storagePath: file }),
    ),
    route("GET /api/v1/packets/*file", Packet, ({ params: { file } }) =>
      json(200, { presignedUrl: blobs.urlOf("GET", packetKey(file)) }),
    ),
  ];

  async function retrieve({ params, identity }: EngineRequest<typeof Retrieve>): Promise<Reply> {
    requireOwn(identity, "read:runs", params.run);
    const run = await runs.get(params.run);
    return json(200, { ...runItem(run), ...storedPackets(run) });
  }

  /** A payload or output that was too large to send is in a blob, and the run stores only the name of the blob. */
  function storedPackets(run: Run) {
    const address = (file: string) => blobs.urlOf("GET", packetKey(file));
    return {
      ...(run.payloadType === STORED
        ? { payload: undefined, payloadPresignedUrl: address(run.payload) }
        : {}),
      ...(run.outputType === STORED && run.output !== null
        ? { output: undefined, outputPresignedUrl: address(run.output) }
        : {}),
    };
  }

  async function trigger({ params, headers, body }: EngineRequest<typeof Trigger>): Promise<Reply> {
    const { task } = params;
    if (!host.tasks().has(task)) throw new HttpError(422, `There is no task ${JSON.stringify(task)}`);
    const settings = body.options ?? {};
    const { payload = "{}" } = body;
    const delayMs = settings.delay === undefined ? 0 : parseTimeout(settings.delay);
    const ttlMs = settings.ttl === undefined ? 0 : parseTimeout(settings.ttl);
    // All attempts of one call carry the same call key. A user's own key lives longer, so its names are kept apart.
    const callKey = headers["x-trigger-request-idempotency-key"];
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
      idempotencyKey: userKey !== undefined ? `user:${userKey}` : callKey ? `call:${callKey}` : undefined,
    });
    if (created) attempts.start(run);
    const claims = JSON.stringify({ sub: ENVIRONMENT_ID, pub: true });
    return json(200, { id: run.id, isCached: !created }, { "x-trigger-jwt-claims": claims });
  }

  async function list({ query }: EngineRequest<typeof List>): Promise<Reply> {
    const size = query["page[size]"];
    const page = await runs.list({}, size, query["page[after]"]);
    const environment = { id: ENVIRONMENT_ID, name: "dev" };
    const last = page.at(-1);
    return json(200, {
      data: page.map((run) => ({ ...runItem(run), env: environment })),
      pagination: page.length === size && last ? { next: last.id } : {},
    });
  }

  async function cancel({ params }: EngineRequest<typeof Cancel>): Promise<Reply> {
    const { id } = await runs.get(params.run);
    await attempts.cancel(id);
    return json(200, { id });
  }

  async function updateMetadata({ params, body }: EngineRequest<typeof UpdateMetadata>): Promise<Reply> {
    const run = await runs.get(params.run);
    const metadata = await changeMetadata(run.id, (before) =>
      applyOperations(body.metadata ?? before, body.operations ?? []),
    );
    if (run.parentId && body.parentOperations?.length) {
      await changeMetadata(run.parentId, (before) => applyOperations(before, body.parentOperations!));
    }
    if (body.rootOperations?.length) {
      const root = await rootOf(run);
      await changeMetadata(root.id, (before) => applyOperations(before, body.rootOperations!));
    }
    return json(200, { metadata });
  }

  function changeMetadata(
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
    throw new HttpError(400, "Invalid body: options.metadata: not valid JSON");
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
      ? {
          message: run.error.message ?? run.error.code ?? "Unknown error",
          name: run.error.name ?? run.error.code,
        }
      : undefined,
    attemptCount: run.attempt,
    // The client refuses a run without these two fields.
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
    // The rest of super+json describes types such as dates, which this plain JSON response can't carry.
    return superJson ? (value as { json: unknown }).json : value;
  } catch {
    return text; // Not JSON: the reader gets the text as its sender stored it.
  }
}
