import "server-only";
import { z } from "zod";
import { readExpectedError } from "../actions/expected-error";

/** The data is private and soon outdated. */
const headers = { "cache-control": "private, no-store" };

/**
 * Answers a GET with the result of `read` as JSON. An expected error becomes its status and `{ error, code }`; any
 * other error becomes a 500 without details.
 */
export async function answerRead<T>(read: () => Promise<T>): Promise<Response> {
  try {
    return Response.json(await read(), { headers });
  } catch (error) {
    const expected = readExpectedError(error);
    if (expected) {
      const { code, message: said, status } = expected;
      return Response.json({ error: said, code }, { status, headers });
    }
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      const named = issue?.path.length ? `"${issue.path.join(".")}": ` : "";
      return Response.json(
        { error: `${named}${issue?.message ?? "This can't be read."}` },
        { status: 400, headers },
      );
    }
    console.error("A read failed:", error);
    return Response.json(
      { error: "This can't be loaded right now. Try again in a moment." },
      { status: 500, headers },
    );
  }
}

/** Validates an id or a cursor from an address before the database sees it: PostgreSQL rejects NUL. */
export const idInAddress = z
  .string()
  .min(1, "This is empty.")
  .max(200, "This is too long.")
  .regex(/^\P{Cc}+$/u, "This has characters that aren't allowed.");

/** Parses the address's query with the schema: one value per name. */
export function queryOf<T extends z.ZodType>(request: Request, schema: T): z.output<T> {
  return schema.parse(Object.fromEntries(new URL(request.url).searchParams));
}
