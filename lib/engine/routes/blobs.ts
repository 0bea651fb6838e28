import { z } from "zod";
import type { Database } from "../database";
import type { Auth } from "../http/auth";
import { HttpError } from "../http/errors";
import { Text } from "../http/input";
import type { Reply } from "../http/reply";
import { type EngineRequest, type Route, route } from "../http/route";

type Blob = { contentType: string; body: Buffer };

export type Blobs = ReturnType<typeof createBlobs>;

const INERT_TYPES = new Set(["application/json", "application/super+json", "text/plain"]);

/** The signature in the query is the proof; without it the address is refused like any wrong one. */
const Download = {
  params: z.object({ key: Text }),
  query: z.object({ expires: z.string().default(""), signature: z.string().default("") }),
  access: "open",
} as const;
const Upload = {
  ...Download,
  headers: z.object({ "content-type": z.string().optional() }),
  body: "raw",
  limit: 256 * 1024 * 1024,
} as const;

/** Stores transcripts and large payloads. The SDK gets a signed address and uses it without credentials. */
export function createBlobs(options: { database: Database; auth: Auth; engineUrl: () => string }) {
  const { database, auth, engineUrl } = options;
  const routes: Route[] = [
    route("PUT /blobs/:key", Upload, upload),
    route("GET /blobs/:key", Download, download),
  ];
  return { routes, urlOf, load };

  function urlOf(method: "GET" | "PUT", key: string): string {
    return `${engineUrl()}/blobs/${encodeURIComponent(key)}?${auth.signBlob(method, key)}`;
  }

  async function load(key: string): Promise<Blob | undefined> {
    const stored = await database.query<{ content_type: string; body: Buffer }>(
      "select content_type, body from engine.blobs where key = $1",
      [key],
    );
    const row = stored.rows[0];
    return row && { contentType: row.content_type, body: row.body };
  }

  async function upload({
    params: { key },
    query,
    headers,
    bytes,
  }: EngineRequest<typeof Upload>): Promise<Reply> {
    auth.verifyBlob("PUT", key, query);
    await database.query(
      `insert into engine.blobs (key, content_type, body) values ($1, $2, $3)
       on conflict (key) do update set content_type = excluded.content_type, body = excluded.body, updated_at = now()`,
      [key, inertType(headers["content-type"]), await bytes()],
    );
    return { status: 200 };
  }

  async function download({ params: { key }, query }: EngineRequest<typeof Download>): Promise<Reply> {
    auth.verifyBlob("GET", key, query);
    const blob = await load(key);
    if (!blob) throw new HttpError(404, "Nothing is stored here yet");
    const headers = { "content-type": inertType(blob.contentType), "content-disposition": "attachment" };
    return { status: 200, headers, body: blob.body };
  }
}

/** Keeps the types that runs read back. Any other type becomes plain bytes, so that no browser renders a blob. */
function inertType(contentType: string | undefined): string {
  const type = contentType?.split(";")[0]!.trim().toLowerCase() ?? "";
  return INERT_TYPES.has(type) ? type : "application/octet-stream";
}
