import { createHash, createHmac } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { readEnv } from "@/lib/env";
import { diskStore } from "./disk-store";
import { postgresStore } from "./postgres-store";
import { s3Store } from "./s3-store";
import type { AttachmentStore } from "./attachment-store";
import { attachmentStore } from "./store";

const shared = testDatabase();
let folder: string;
let bucket: Awaited<ReturnType<typeof startBucket>>;

const credentials = { accessKeyId: "key-id", secretAccessKey: "a secret", region: "auto" };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-attachments-"));
  bucket = await startBucket(credentials);
});
afterAll(async () => {
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

const stores: Array<[string, () => AttachmentStore]> = [
  ["postgres", () => postgresStore(shared.db)],
  ["disk", () => diskStore(folder)],
  ["s3", () => s3Store({ ...credentials, bucketUrl: `${bucket.url}/attachments/` })],
];

describe.each(stores)("the %s store", (_, open) => {
  it("gives back every byte that was put, and the newest under an id", async () => {
    const store = open();
    const id = crypto.randomUUID();
    const bytes = Uint8Array.from({ length: 70_000 }, (_value, index) => index % 256);
    await store.put(id, bytes);
    expect(Buffer.compare((await store.get(id))!, bytes)).toBe(0);
    await store.put(id, new Uint8Array([1, 2, 3]));
    expect(await store.get(id)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it("has nothing under an id that is unknown or deleted, and deletes twice without a word", async () => {
    const store = open();
    const id = crypto.randomUUID();
    expect(await store.get(id)).toBeNull();
    await store.put(id, new Uint8Array([1]));
    await store.delete(id);
    await store.delete(id);
    expect(await store.get(id)).toBeNull();
  });
});

it("keeps no half file on the disk and takes no path for an id", async () => {
  const store = diskStore(folder);
  await expect(store.put("../outside", new Uint8Array([1]))).rejects.toThrow(/not a path/);
  await expect(store.get("../outside")).rejects.toThrow(/not a path/);
  await store.put("whole", new Uint8Array([1]));
  expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

it("says that the bucket refused, instead of an empty file", async () => {
  const stranger = s3Store({ ...credentials, secretAccessKey: "another", bucketUrl: bucket.url });
  await expect(stranger.put("a", new Uint8Array([1]))).rejects.toThrow(
    "The bucket returned status 403 to PUT.",
  );
  await expect(stranger.get("a")).rejects.toThrow("The bucket returned status 403 to GET.");
});

it("names the setting that is missing or wrong", () => {
  expect(() => attachmentStore(readEnv({ ATTACHMENT_STORE: "s3" }))).toThrow("S3_BUCKET_URL is not set");
  expect(() => attachmentStore(readEnv({ ATTACHMENT_STORE: "ftp" }))).toThrow('ATTACHMENT_STORE is "ftp"');
});

/** A bucket on loopback that works the signature out for itself, as the specification of version 4 says. */
async function startBucket({ accessKeyId, secretAccessKey, region }: typeof credentials) {
  const objects = new Map<string, Buffer>();
  const server: Server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const key = request.url ?? "";
      if (!isSigned(request, body)) return response.writeHead(403).end();
      if (request.method === "PUT") objects.set(key, body);
      const known = objects.get(key);
      if (request.method === "DELETE") {
        objects.delete(key);
        return response.writeHead(204).end();
      }
      return known ? response.writeHead(200).end(known) : response.writeHead(404).end();
    })();
  });

  function isSigned(request: IncomingMessage, body: Buffer): boolean {
    const [, scope = "", names = "", signature] =
      /^AWS4-HMAC-SHA256 Credential=key-id\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(
        request.headers.authorization ?? "",
      ) ?? [];
    const date = String(request.headers["x-amz-date"]);
    const claimed = String(request.headers["x-amz-content-sha256"]);
    const hash = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
    if (claimed !== "UNSIGNED-PAYLOAD" && claimed !== hash(body)) return false;
    const canonical = [
      request.method,
      request.url,
      "",
      ...names.split(";").map((name) => `${name}:${String(request.headers[name])}`),
      "",
      names,
      claimed,
    ].join("\n");
    const sign = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();
    const key = [date.slice(0, 8), region, "s3", "aws4_request"].reduce<string | Buffer>(
      sign,
      `AWS4${secretAccessKey}`,
    );
    const text = ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n");
    return accessKeyId === "key-id" && sign(key, text).toString("hex") === signature;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
