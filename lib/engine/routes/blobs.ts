import type { Auth } from "../http/auth";
import type { Database } from "../database";
import { type EngineRequest, HttpError, type Reply, type Route, route } from "../http/route";

export type Blob = { contentType: string; body: Buffer };

export type Blobs = ReturnType<typeof createBlobs>;

const INERT_TYPES = new Set(["application/json", "application/super+json", "text/plain"]);
const BLOB_LIMIT = 256 * 1024 * 1024;

/** Transcripts and large payloads. The SDK gets a signed address and then talks to it without credentials. */
export function createBlobs(options: { database: Database; auth: Auth; engineUrl: () => string }) {
  const { database, auth, engineUrl } = options;
  const routes: Route[] = [
    route("PUT /blobs/:key", put, { access: "open" }),
    route("GET /blobs/:key", download, { access: "open" }),
  ];
  return { routes, url, read };

  function url(method: "GET" | "PUT", key: string): string {
    return `${engineUrl()}/blobs/${encodeURIComponent(key)}?${auth.signBlob(method, key)}`;
  }

  async function read(key: string): Promise<Blob | undefined> {
    const found = await database.query<{ content_type: string; body: Buffer }>(
      "select content_type, body from engine.blobs where key = $1",
      [key],
    );
    const row = found.rows[0];
    return row && { contentType: row.content_type, body: row.body };
  }

  async function put(request: EngineRequest): Promise<Reply> {
    const key = request.params["key"]!;
    auth.verifyBlob("PUT", key, request.query);
    const contentType = inertType(request.headers["content-type"]);
    await database.query(
      `insert into engine.blobs (key, content_type, body) values ($1, $2, $3)
       on conflict (key) do update set content_type = excluded.content_type, body = excluded.body, updated_at = now()`,
      [key, contentType, await request.body(BLOB_LIMIT)],
    );
    return { status: 200 };
  }

  async function download(request: EngineRequest): Promise<Reply> {
    const key = request.params["key"]!;
    auth.verifyBlob("GET", key, request.query);
    const blob = await read(key);
    if (!blob) throw new HttpError(404, "Nothing is stored here yet");
    const headers = { "content-type": inertType(blob.contentType), "content-disposition": "attachment" };
    return { status: 200, headers, body: blob.body };
  }
}

/** What a run reads back by its type keeps it; to everybody else a blob is bytes, whatever its writer called it. */
function inertType(contentType: string | undefined): string {
  const type = contentType?.split(";")[0]!.trim().toLowerCase() ?? "";
  return INERT_TYPES.has(type) ? type : "application/octet-stream";
}
