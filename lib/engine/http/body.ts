/** How a body comes in: not too large, not too slowly, and not nested so deeply that reading it would overflow a stack. */
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { HttpError } from "./route";

/** Nothing of a body for so long, and nobody is there any more. */
const SILENCE_MS = 15_000;
/** Slower than this on the whole is not a slow line but somebody who holds a socket. */
const BYTES_PER_SECOND = 16 * 1024;
const FIRST_SECONDS = 30;
/** What is too large is read on for a while, because closing early would hide the 413 behind a network error. */
const READ_ON = 2;
const MAX_DEPTH = 200;

export type BodyPatience = { silenceMs: number; totalMs: number };

export function readBody(
  message: IncomingMessage,
  limit: number,
  patience: BodyPatience = {
    silenceMs: SILENCE_MS,
    totalMs: 1_000 * (FIRST_SECONDS + limit / BYTES_PER_SECOND),
  },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooSlow = () => fail(new HttpError(408, "The body came too slowly, so the request was given up"));
    const total = setTimeout(tooSlow, patience.totalMs);
    const silence = setTimeout(tooSlow, patience.silenceMs);
    message.on("data", (chunk: Buffer) => {
      silence.refresh();
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size > limit * (1 + READ_ON)) fail(tooLarge(size));
    });
    message.on("end", () => {
      if (size > limit) return fail(tooLarge(size));
      clear();
      resolve(Buffer.concat(chunks));
    });
    message.on("error", fail);
    message.on("aborted", () => fail(new HttpError(400, "The request was cut off")));

    function tooLarge(bytes: number): HttpError {
      return new HttpError(413, `The body has ${bytes} bytes or more; the limit is ${limit}`);
    }

    function fail(error: Error): void {
      clear();
      chunks.length = 0;
      reject(error);
    }

    function clear(): void {
      clearTimeout(total);
      clearTimeout(silence);
    }
  });
}

/** Parses a body against a schema; an empty body counts as `{}` because the SDK sends none for some POSTs. */
export function parseJson<Schema extends z.ZodType>(body: Buffer, schema: Schema): z.output<Schema> {
  let value: unknown = {};
  if (body.length > 0) {
    const text = body.toString("utf8");
    requireShallow(text);
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new HttpError(400, `The body is not valid JSON: ${(error as Error).message}`);
    }
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw new HttpError(400, `Invalid body: ${where}${issue?.message ?? "unexpected value"}`);
}

/** JSON that parses may still be too deep for whatever walks through it afterwards. */
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
        throw new HttpError(400, `The body is nested more than ${MAX_DEPTH} levels deep`);
    } else if (code === BRACKET_END || code === BRACE_END) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
