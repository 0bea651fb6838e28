/** Parses what a request brings, part by part, with zod. Every refusal is a 400 that names the part and the field. */
import { z } from "zod";
import { HttpError } from "./errors";

const MAX_DEPTH = 200;

/** Text for PostgreSQL, which cannot store a NUL character. */
export const Text = z.string().refine((text) => !text.includes("\u0000"), "must not contain a NUL character");

export function parsePart(
  part: "path" | "query" | "header" | "body",
  schema: z.ZodType | undefined,
  value: unknown,
): unknown {
  const parsed = schema?.safeParse(value);
  if (!parsed || parsed.success) return parsed?.data;
  const issue = parsed.error.issues[0];
  const field = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  const reason = issue?.message.replace(/^Invalid input: /, "") ?? "unexpected value";
  throw new HttpError(400, `Invalid ${part}: ${field}${reason}`);
}

/** Parses a JSON body. An empty body counts as `{}`, because the SDK sends none for some POSTs. */
export function parseJson<Schema extends z.ZodType>(body: Buffer, schema: Schema): z.output<Schema> {
  const value = body.length === 0 ? {} : jsonOf(body.toString("utf8"));
  return parsePart("body", schema, value) as z.output<Schema>;
}

function jsonOf(text: string): unknown {
  requireShallow(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `Invalid body: not valid JSON: ${(error as Error).message}`);
  }
}

/** JSON that parses may still be nested too deeply for the recursive code that reads it later. */
export function requireShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === BRACKET || code === BRACE) {
      if (++depth > MAX_DEPTH)
        throw new HttpError(400, `Invalid body: nested more than ${MAX_DEPTH} levels deep`);
    } else if (code === BRACKET_END || code === BRACE_END) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
