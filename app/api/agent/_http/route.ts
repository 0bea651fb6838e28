import "server-only";
/**
 * One route of the API: the key, its scope, the body and the query are checked before the operation runs, and every
 * failure becomes `{ error: { code, message, field } }`. Cookies are not read, so no page can act here for a person.
 */
import { z } from "zod";
import { BranchError } from "@/lib/chat/tree/branch-actions";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { isNestedAtMost } from "@/lib/chat/nesting";
import { InvalidMessageError } from "@/lib/chat/message";
import { db } from "@/lib/db/client";
import { clientAddress } from "@/lib/http/client-address";
import { countLocally, countUse, LimitError, type CountedLimit } from "@/lib/http/rate-limit";
import { readAtMost } from "@/lib/http/read-at-most";
import type { KeyHolder } from "@/lib/api-keys/keys";
import { ApiError, chatNotFound } from "@/lib/server-chat/api-error";
import type { Operation } from "@/lib/server-chat/operations";
import { bodies } from "@/lib/server-chat/schemas";
import type { Chat } from "@/prisma/generated/client";
import { requireKey } from "./key";

type BodyOf<O extends Operation> = O extends { body: keyof typeof bodies }
  ? z.output<(typeof bodies)[O["body"]]>
  : undefined;
type QueryOf<O extends Operation> = O extends { query: infer Q extends z.ZodObject }
  ? z.output<Q>
  : undefined;

/** A request that may be carried out. */
export type Call<O extends Operation = Operation> = {
  request: Request;
  holder: KeyHolder;
  params: Record<string, string>;
  query: QueryOf<O>;
  body: BodyOf<O>;
  /** The chat of the address. Throws *not found* for someone else's. */
  chat: () => Promise<Chat>;
  /** Counts a use against a limit of the person and the address, as the page's uses are. */
  count: (limit: CountedLimit) => Promise<void>;
};

type Context = { params: Promise<Record<string, string>> };

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DEPTH = 100;
/** Wrong keys per address. Counted in this process, because the refusal costs no query then. */
const WRONG_KEYS = { count: 60, seconds: 60 };

/** The values are private and soon outdated. */
const headers = { "cache-control": "private, no-store", "x-content-type-options": "nosniff" };

/** `run` returns a response, or what a JSON response contains: with status 200, or 202 when that is all there is. */
export function apiRoute<const O extends Operation>(
  operation: O,
  run: (call: Call<O>) => Promise<Response | object>,
) {
  return async (request: Request, context: Context): Promise<Response> => {
    try {
      const address = clientAddress(request);
      const holder = await requireKey(request, operation.scope, () =>
        countLocally("other", `api-key:${address}`, WRONG_KEYS),
      );
      const params = await context.params;
      const result = await run({
        request,
        holder,
        params,
        query: readQuery(operation, request),
        body: await readBody(operation, request),
        chat: async () => {
          const chat = await findOwnedChat(db, params["id"] ?? "", holder.userId);
          if (!chat) throw chatNotFound();
          return chat;
        },
        count: (limit) => countUse(limit, { userId: holder.userId, address }),
      });
      if (result instanceof Response) return result;
      return jsonResponse(result, "200" in operation.returns ? 200 : 202);
    } catch (error) {
      return errorResponse(error);
    }
  };
}

export function jsonResponse(value: object, status = 200): Response {
  return Response.json(value, { status, headers });
}

/** The status and the words of any failure. Those of libraries and of the database stay on the server. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof LimitError) return new ApiError(429, "too-many", error.message);
  if (error instanceof InvalidMessageError) return new ApiError(400, "invalid", error.message);
  if (error instanceof BranchError) return new ApiError(branchStatus(error), error.code, error.message);
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const field = fieldOf(issue);
    return new ApiError(400, "invalid", issue?.message ?? "This can't be read.", field || undefined);
  }
  console.error("An API request failed:", error);
  return new ApiError(500, "server-error", "Something went wrong. Nothing was lost. Try again in a moment.");
}

export function errorResponse(error: unknown): Response {
  const { status, code, message, field } = toApiError(error);
  return Response.json(
    { error: { code, message, ...(field !== undefined && { field }) } },
    {
      status,
      headers: {
        ...headers,
        ...(status === 401 && { "www-authenticate": 'Bearer realm="holdfast"' }),
        ...(error instanceof LimitError && { "retry-after": String(error.retryAfterSeconds) }),
        ...(status === 503 && { "retry-after": "5" }),
      },
    },
  );
}

function branchStatus({ code }: BranchError): number {
  if (code === "answer-running") return 409;
  return code.endsWith("-not-found") ? 404 : 400;
}

/** An unknown field is named itself, not the object around it. */
function fieldOf(issue: z.core.$ZodIssue | undefined): string {
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  return [...(issue?.path ?? []), ...unknown].map(String).join(".");
}

function readQuery<O extends Operation>(operation: O, request: Request): QueryOf<O> {
  const given = Object.fromEntries(new URL(request.url).searchParams);
  return operation.query?.parse(given) as QueryOf<O>;
}

async function readBody<O extends Operation>(operation: O, request: Request): Promise<BodyOf<O>> {
  if (operation.body === undefined) return undefined as BodyOf<O>;
  const bytes = await readAtMost(request, MAX_BODY_BYTES);
  if (!bytes) throw new ApiError(413, "too-large", "The body has more than 1 MB. Send less at once.");
  const text = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, "invalid-json", "The body isn't JSON. Send an object.");
  }
  if (!isNestedAtMost(value, MAX_DEPTH))
    throw new ApiError(400, "invalid", `The body is nested more than ${MAX_DEPTH} levels deep.`);
  return bodies[operation.body].parse(value) as BodyOf<O>;
}
