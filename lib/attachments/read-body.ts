import { MAX_FILE_BYTES } from "./limits";

/**
 * The number of bytes past the limit that are read and discarded. A browser reads the response only after it has sent
 * its file, and reports a connection that closes earlier as broken.
 */
const DRAIN_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 30_000;

/**
 * Reads the body. Returns null if it is larger than the limit, whatever its `Content-Length` says. A body that is far
 * too large or endless isn't read completely.
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
