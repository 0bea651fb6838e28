import { z } from "zod";
import { type Auth, ENVIRONMENT_ID } from "../http/auth";
import { parseTimeout } from "../duration";
import { type EngineRequest, HttpError, json, type Reply, type Route, route } from "../http/route";
import { type Sessions, streamName } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";

type Options = {
  auth: Auth;
  sessions: Sessions;
  waitpoints: Waitpoints;
  engineUrl: () => string;
  /** A parked run is ended after this long, whatever it asked for; the next message starts a continuation. */
  parkLimitMs: number;
};

const Timeout = z.union([z.string(), z.number()]).transform(String).optional();

const StreamWaitBody = z.looseObject({
  session: z.string(),
  io: z.enum(["in", "out"]),
  timeout: Timeout,
  lastSeqNum: z.number().int().optional(),
});
const DurationBody = z.looseObject({ date: z.coerce.date() });
const TokenBody = z.looseObject({
  timeout: Timeout,
  idempotencyKey: z.string().optional(),
  tags: z
    .union([z.string(), z.array(z.string())])
    .transform((tags) => [tags].flat())
    .optional(),
});
const PublicTokenBody = z.looseObject({
  scopes: z.array(z.string()),
  expirationTime: z.union([z.string(), z.number()]).optional(),
  oneTimeUse: z.boolean().optional(),
  realtime: z.unknown().optional(),
});

export function waitpointRoutes({ auth, sessions, waitpoints, engineUrl, parkLimitMs }: Options): Route[] {
  const tokens = "/api/v1/waitpoints/tokens";
  return [
    route("POST /api/v1/runs/:run/session-streams/wait", waitForStream),
    route("POST /engine/v1/runs/:run/wait/duration", waitForDate),
    route("POST /engine/v1/runs/:run/waitpoints/tokens/:waitpoint/wait", async (request) => {
      await waitpoints.block(request.params["run"]!, request.params["waitpoint"]!);
      return json(200, { success: true });
    }),
    route(`POST ${tokens}`, createToken),
    route(`GET ${tokens}/:waitpoint`, retrieveToken),
    route(`POST ${tokens}/:waitpoint/complete`, completeToken),
    route("POST /api/v1/auth/jwt/claims", () => json(200, { sub: ENVIRONMENT_ID, pub: true })),
    route("POST /api/v1/auth/public-tokens", createPublicToken),
  ];

  async function waitForStream(request: EngineRequest): Promise<Reply> {
    const body = await request.json(StreamWaitBody);
    const session = await sessions.get(body.session);
    const asked = body.timeout === undefined ? Infinity : parseTimeout(body.timeout);
    const name = streamName(session.id, body.io);
    const timeout = Math.min(asked, parkLimitMs);
    const waitpoint = await waitpoints.onStream(request.params["run"]!, name, timeout, body.lastSeqNum);
    return json(200, { waitpointId: waitpoint.id, isCached: false });
  }

  async function waitForDate(request: EngineRequest): Promise<Reply> {
    const { date } = await request.json(DurationBody);
    const waitpoint = await waitpoints.onDate(request.params["run"]!, date);
    return json(200, { waitUntil: date, waitpoint: { id: waitpoint.id } });
  }

  async function createToken(request: EngineRequest): Promise<Reply> {
    const body = await request.json(TokenBody);
    const { waitpoint, isCached } = await waitpoints.token({
      timeoutMs: body.timeout === undefined ? undefined : parseTimeout(body.timeout),
      tags: body.tags ?? [],
      idempotencyKey: body.idempotencyKey,
    });
    return json(200, { id: waitpoint.id, isCached, url: urlOf(waitpoint.id) });
  }

  async function retrieveToken(request: EngineRequest): Promise<Reply> {
    const id = request.params["waitpoint"]!;
    const waitpoint = await waitpoints.get(id);
    return json(200, {
      id: waitpoint.id,
      url: urlOf(waitpoint.id),
      status: waitpoint.status,
      tags: waitpoint.tags,
      createdAt: waitpoint.createdAt,
      completedAt: waitpoint.completedAt ?? undefined,
      timeoutAt: waitpoint.deadline ?? undefined,
      output: waitpoint.output ?? undefined,
      outputType: waitpoint.outputType ?? undefined,
      outputIsError: waitpoint.outputIsError,
    });
  }

  async function completeToken(request: EngineRequest): Promise<Reply> {
    const id = request.params["waitpoint"]!;
    const { data } = await request.json(z.looseObject({ data: z.unknown().optional() }));
    await waitpoints.get(id);
    await waitpoints.complete(id, JSON.stringify(data ?? null));
    return json(200, { success: true });
  }

  async function createPublicToken(request: EngineRequest): Promise<Reply> {
    const body = await request.json(PublicTokenBody);
    const extra = {
      ...(body.oneTimeUse ? { otu: true } : {}),
      ...(body.realtime === undefined ? {} : { realtime: body.realtime }),
    };
    return json(200, { token: await mint(body.scopes, body.expirationTime ?? "15m", extra) });
  }

  async function mint(
    scopes: string[],
    expiresIn: string | number,
    extra: Record<string, unknown>,
  ): Promise<string> {
    try {
      return await auth.mintToken(scopes, expiresIn, extra);
    } catch {
      throw new HttpError(
        400,
        `expirationTime ${JSON.stringify(expiresIn)} is neither a span like "1h" nor a unix time`,
      );
    }
  }

  function urlOf(id: string): string {
    return `${engineUrl()}/api/v1/waitpoints/tokens/${id}/complete`;
  }
}
