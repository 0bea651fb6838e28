/** Reads a request body within a size limit and a time limit. */
import type { IncomingMessage } from "node:http";
import { HttpError } from "./errors";

/** A sender that is silent for this long is taken to be gone. */
const SILENCE_MS = 15_000;
/** A sender slower than this on average is taken to be holding the socket on purpose. */
const BYTES_PER_SECOND = 16 * 1024;
const FIRST_SECONDS = 30;
/** An oversized body is drained up to this many times its limit: closing earlier hides the 413 behind a network error. */
const DRAINED_LIMITS = 2;

type TimeLimits = { silenceMs: number; totalMs: number };

export function readBody(
  message: IncomingMessage,
  limit: number,
  { silenceMs, totalMs }: TimeLimits = {
    silenceMs: SILENCE_MS,
    totalMs: 1_000 * (FIRST_SECONDS + limit / BYTES_PER_SECOND),
  },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooSlow = () =>
      fail(new HttpError(408, "The body arrived too slowly. Nothing was stored; send it again"));
    const total = setTimeout(tooSlow, totalMs);
    const silence = setTimeout(tooSlow, silenceMs);
    message.on("data", (chunk: Buffer) => {
      silence.refresh();
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size > limit * (1 + DRAINED_LIMITS)) fail(tooLarge(size));
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
