import { MAX_FILE_BYTES } from "./limits";

/**
 * Past the limit so much more is read and thrown away: a browser reads the answer only when it has sent its file, and a
 * connection that is closed in the middle of it reads as a broken one.
 */
const DRAIN_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 30_000;

/**
 * The body, or null when it is larger than a file may be, whatever it says of its own length. Of one that is far too
 * large, or that never ends, not everything is read.
 */
export async function readBody(
  request: Request,
  { limit = MAX_FILE_BYTES, drainBytes = DRAIN_BYTES, drainMs = DRAIN_MS } = {},
): Promise<Uint8Array | null> {
  const announced = Number(request.headers.get("content-length"));
  let isTooLarge = announced > limit;
  if (isTooLarge && announced > limit + drainBytes) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let deadline = Infinity;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    length += next.value.length;
    isTooLarge ||= length > limit;
    if (!isTooLarge) {
      chunks.push(next.value);
      continue;
    }
    chunks.length = 0;
    if (deadline === Infinity) deadline = Date.now() + drainMs;
    if (length > limit + drainBytes || Date.now() > deadline) {
      await reader?.cancel();
      return null;
    }
  }
  return isTooLarge ? null : new Uint8Array(Buffer.concat(chunks));
}
