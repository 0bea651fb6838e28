import { z } from "zod";
import { parseTimeout, Timeout } from "../duration";
import { type Auth, ENVIRONMENT_ID } from "../http/auth";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import { json, type Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";
import { streamName } from "../runs/session";
import type { Sessions } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";

type Options = {
  auth: Auth;
  sessions: Sessions;
  waitpoints: Waitpoints;
  engineUrl: () => string;
  /** A parked run ends after this long even if it asked for more; the next message starts a continuation. */
  parkLimitMs: number;
};

const timeout = z.union([z.string(), z.number()]).transform(String).pipe(Timeout).optional();
const run = z.object({ run: Text });
const waitpoint = z.object({ waitpoint: Text });

const WaitForStream = {
  params: run,
  body: z.looseObject({
    session: Text,
    io: z.enum(["in", "out"]),
    timeout,
    lastSeqNum: z.number().int().optional(),
  }),
};
const WaitForDate = { params: run, body: z.looseObject({ date: z.coerce.date() }) };
const WaitForToken = { params: z.object({ run: Text, waitpoint: Text }), body: "none" } as const;
const CreateToken = {
  body: z.looseObject({
    timeout,
    idempotencyKey: z.string().optional(),
    tags: z
      .union([z.string(), z.array(z.string())])
      .transform((tags) => [tags].flat())
      .optional(),
  }),
};
const RetrieveToken = { params: waitpoint };
const CompleteToken = { params: waitpoint, body: z.looseObject({ data: z.unknown().optional() }) };
const Claims = { body: "none" } as const;
const CreatePublicToken = {
  body: z.looseObject({
    scopes: z.array(z.string()),
    expirationTime: z.union([z.string(), z.number()]).optional(),
    oneTimeUse: z.boolean().optional(),
    realtime: z.unknown().optional(),
  }),
};

export function waitpointRoutes({ auth, sessions, waitpoints, engineUrl, parkLimitMs }: Options): Route[] {
  const tokens = "/api/v1/waitpoints/tokens";
  return [
    route("POST /api/v1/runs/:run/session-streams/wait", WaitForStream, waitForStream),
    route("POST /engine/v1/runs/:run/wait/duration", WaitForDate, waitForDate),
    route("POST /engine/v1/runs/:run/waitpoints/tokens/:waitpoint/wait", WaitForToken, async ({ params }) => {
      await waitpoints.block(params.run, params.waitpoint);
      return json(200, { success: true });
    }),
    route(`POST ${tokens}`, CreateToken, createToken),
    route(`GET ${tokens}/:waitpoint`, RetrieveToken, retrieveToken),
    route(`POST ${tokens}/:waitpoint/complete`, CompleteToken, completeToken),
    route("POST /api/v1/auth/jwt/claims", Claims, () => json(200, { sub: ENVIRONMENT_ID, pub: true })),
    route("POST /api/v1/auth/public-tokens", CreatePublicToken, createPublicToken),
  ];

  async function waitForStream({ params, body }: EngineRequest<typeof WaitForStream>): Promise<Reply> {
    const session = await sessions.get(body.session);
    const requestedMs = body.timeout === undefined ? Infinity : parseTimeout(body.timeout);
    const name = streamName(session.id, body.io);
    const timeoutMs = Math.min(requestedMs, parkLimitMs);
    const { id } = await waitpoints.onStream(params.run, name, timeoutMs, body.lastSeqNum);
    return json(200, { waitpointId: id, isCached: false });
  }

  async function waitForDate({ params, body }: EngineRequest<typeof WaitForDate>): Promise<Reply> {
    const { id } = await waitpoints.onDate(params.run, body.date);
    return json(200, { waitUntil: body.date, waitpoint: { id } });
  }

  async function createToken({ body }: EngineRequest<typeof CreateToken>): Promise<Reply> {
    const { waitpoint: token, isCached } = await waitpoints.token({
      timeoutMs: body.timeout === undefined ? undefined : parseTimeout(body.timeout),
      tags: body.tags ?? [],
      idempotencyKey: body.idempotencyKey,
    });
    return json(200, { id: token.id, isCached, url: urlOf(token.id) });
  }

  async function retrieveToken({ params }: EngineRequest<typeof RetrieveToken>): Promise<Reply> {
    const token = await waitpoints.get(params.waitpoint);
    return json(200, {
      id: token.id,
      url: urlOf(token.id),
      status: token.status,
      tags: token.tags,
      createdAt: token.createdAt,
      completedAt: token.completedAt ?? undefined,
      timeoutAt: token.deadline ?? undefined,
      output: token.output ?? undefined,
      outputType: token.outputType ?? undefined,
      outputIsError: token.outputIsError,
    });
  }

  async function completeToken({ params, body }: EngineRequest<typeof CompleteToken>): Promise<Reply> {
    const { id } = await waitpoints.get(params.waitpoint);
    await waitpoints.complete(id, JSON.stringify(body.data ?? null));
    return json(200, { success: true });
  }

  async function createPublicToken({ body }: EngineRequest<typeof CreatePublicToken>): Promise<Reply> {
    const extra = {
      ...(body.oneTimeUse ? { otu: true } : {}),
      ...(body.realtime === undefined ? {} : { realtime: body.realtime }),
    };
    return json(200, { token: await mintToken(body.scopes, body.expirationTime ?? "15m", extra) });
  }

  async function mintToken(
    scopes: string[],
    expiresIn: string | number,
    extra: Record<string, unknown>,
  ): Promise<string> {
    try {
      return await auth.mintToken(scopes, expiresIn, extra);
    } catch {
      throw new HttpError(
        400,
        `Invalid body: expirationTime: ${JSON.stringify(expiresIn)} is neither a span like "1h" nor a unix time`,
      );
    }
  }

  function urlOf(id: string): string {
    return `${engineUrl()}/api/v1/waitpoints/tokens/${id}/complete`;
  }
}
