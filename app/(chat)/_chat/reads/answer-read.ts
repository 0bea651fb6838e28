import "server-only";
import { z } from "zod";
import { readExpectedError } from "../actions/expected-error";

/** What one person may read is nobody else's, and old a moment later. */
const headers = { "cache-control": "private, no-store" };

/**
 * Answers a GET of the page's own with what `read` finds, as JSON. What a person may cause becomes its status and
 * `{ error, code }`; anything else is a 500 that says nothing of the inside.
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

/** An id or a cursor in an address, before the database hears of it: PostgreSQL takes no NUL. */
export const idInAddress = z
  .string()
  .min(1, "This is empty.")
  .max(200, "This is too long.")
  .regex(/^\P{Cc}+$/u, "This has characters that can't be in it.");

/** The address's query as the schema takes it: one value for each name. */
export function queryOf<T extends z.ZodType>(request: Request, schema: T): z.output<T> {
  return schema.parse(Object.fromEntries(new URL(request.url).searchParams));
}
