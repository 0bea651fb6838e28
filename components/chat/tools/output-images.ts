/** The most images shown in one card. */
const MOST = 6;
const DEEPEST = 6;
const LONG = 2_000;

const IMAGE_TYPE = /^image\/(png|jpeg|gif|webp|avif)$/i;
const DATA_URL = /^data:[\w/+.-]+;base64,/i;
const BASE64 = /^[\w+/-]+=*$/;

/** The images inside a tool's output: data URLs, and `{ mimeType, data }` as in MCP. */
export function findImages(output: unknown): string[] {
  const found: string[] = [];
  walk(output, 0, (value) => {
    if (found.length === MOST) return;
    if (typeof value === "string") {
      if (/^data:image\/(png|jpeg|gif|webp|avif);base64,/i.test(value)) found.push(value);
      return;
    }
    const url = asImage(value);
    if (url) found.push(url);
  });
  return found;
}

function asImage({ data, mimeType, mediaType }: { data?: unknown; mimeType?: unknown; mediaType?: unknown }) {
  const type = mimeType ?? mediaType;
  return typeof data === "string" && typeof type === "string" && IMAGE_TYPE.test(type) && BASE64.test(data)
    ? `data:${type};base64,${data}`
    : undefined;
}

/** Replaces long binary data in a value with its size: base64 is unreadable and hides the rest. */
export function foldData(value: unknown): unknown {
  return fold(value, 0);
}

function fold(value: unknown, depth: number): unknown {
  if (typeof value === "string") {
    // Checks only the beginning, which is fast even for many megabytes.
    const isData = DATA_URL.test(value) || (value.length > LONG && BASE64.test(value.slice(0, LONG)));
    return isData ? shorten(value) : value;
  }
  if (typeof value !== "object" || value === null || depth >= DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item) => fold(item, depth + 1));
  const isImage = asImage(value) !== undefined;
  // `fromEntries` defines its keys, so a key named `__proto__` stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isImage && key === "data" ? shorten(String(item)) : fold(item, depth + 1),
    ]),
  );
}

function shorten(data: string) {
  return data.length > 100
    ? `${data.slice(0, 40)}… (${Math.ceil(data.length / 1024).toLocaleString("en")} KB)`
    : data;
}

function walk(
  value: unknown,
  depth: number,
  visit: (value: string | { data?: unknown; mimeType?: unknown; mediaType?: unknown }) => void,
) {
  if (typeof value === "string") return visit(value);
  if (typeof value !== "object" || value === null || depth >= DEEPEST) return;
  visit(value);
  for (const item of Object.values(value)) walk(item, depth + 1, visit);
}
