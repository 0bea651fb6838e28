/** What the routes of a session take. */
import { z } from "zod";
import { MAX_SECONDS, Timeout, Ttl } from "../duration";
import { Text } from "../http/input";
import { CHANNEL_DELIMITER } from "../runs/session";

/** Head start sends the whole history in the payload. */
const LARGE_LIMIT = 4 * 1024 * 1024;

const tags = z.array(z.string().max(128)).max(10);
const metadata = z.record(z.string(), z.unknown());

const commaSeparated = Text.transform((text) => text.split(",").filter(Boolean));
const statuses = commaSeparated.pipe(z.array(z.enum(["ACTIVE", "CLOSED", "EXPIRED"])));
/** Milliseconds, or a date as text. */
const date = Text.transform((text) => new Date(/^\d+$/.test(text) ? Number(text) : text)).pipe(z.date());

export const OneSession = { params: z.object({ session: Text }) };
export const WithoutBody = { ...OneSession, body: "none" } as const;
export const Retrieve = { ...OneSession, access: "token" } as const;

export const Create = {
  body: z.object({
    type: z.string().min(1).max(64),
    externalId: Text.trim()
      .min(1)
      .max(256)
      .refine((id) => !id.startsWith("session_"), "must not start with session_, which is reserved")
      .refine(
        (id) => !id.includes(CHANNEL_DELIMITER),
        `must not have ${CHANNEL_DELIMITER}, which is reserved`,
      )
      .optional(),
    taskIdentifier: z.string().min(1).max(128),
    triggerConfig: z.looseObject({
      basePayload: z.record(z.string(), z.unknown()),
      tags: tags.optional(),
      concurrencyKey: z.string().min(1).max(128).optional(),
      maxAttempts: z.number().int().min(1).max(10).optional(),
      maxDuration: z.number().int().min(1).max(MAX_SECONDS).optional(),
      idleTimeoutInSeconds: z.number().int().min(1).max(3_600).optional(),
      ttl: Ttl.optional(),
    }),
    tags: tags.optional(),
    metadata: metadata.optional(),
    expiresAt: z.coerce.date().optional(),
  }),
  limit: LARGE_LIMIT,
};

export const List = {
  query: z.object({
    "page[size]": z.coerce.number().int().min(1).max(100).default(20),
    "page[after]": Text.optional(),
    "page[before]": Text.optional(),
    "filter[type]": commaSeparated.optional(),
    "filter[tags]": commaSeparated.optional(),
    "filter[taskIdentifier]": commaSeparated.optional(),
    "filter[externalId]": commaSeparated.optional(),
    "filter[status]": statuses.optional(),
    "filter[createdAt][period]": Timeout.optional(),
    "filter[createdAt][from]": date.optional(),
    "filter[createdAt][to]": date.optional(),
  }),
};

export const Update = {
  ...OneSession,
  body: z.object({
    tags: tags.optional(),
    metadata: metadata.nullable().optional(),
    externalId: z.string().nullable().optional(),
  }),
};

export const Close = {
  ...OneSession,
  body: z.object({ reason: z.string().max(256).optional(), callingRunId: z.string().optional() }),
};

export const Swap = {
  ...OneSession,
  /** The agent says `upgrade`; a custom agent that hands over between turns says `continuation`. */
  body: z.looseObject({
    callingRunId: z.string(),
    reason: z.enum(["upgrade", "continuation"]).catch("upgrade").default("upgrade"),
  }),
};

export const Transcript = {
  ...OneSession,
  query: z.object({ limit: z.coerce.number().int().min(1).optional(), before: Text.optional() }),
};

export const ExpireTokens = {
  body: z.object({ externalIds: z.array(z.string().max(128)).max(1_000) }),
  limit: LARGE_LIMIT,
};
