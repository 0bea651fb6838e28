import { AwsClient } from "aws4fetch";
import type { AttachmentStore } from "./attachment-store";

export type S3Options = {
  /** The bucket's URL, for example `https://s3.eu-north-1.amazonaws.com/my-bucket`. A path after it is a prefix. */
  bucketUrl: string;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
};

const TIMEOUT_MS = 30_000;

/** Stores attachments in any S3 bucket with signature version 4: AWS, R2, MinIO, Garage. */
export function s3Store({ bucketUrl, ...credentials }: S3Options): AttachmentStore {
  const client = new AwsClient({ ...credentials, service: "s3", retries: 2 });

  async function request(method: string, id: string, body?: Uint8Array): Promise<Response> {
    const response = await client.fetch(`${bucketUrl.replace(/\/$/, "")}/${encodeURIComponent(id)}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body && { body: new Uint8Array(body) }),
    });
    if (response.ok || (response.status === 404 && method !== "PUT")) return response;
    throw new Error(`The bucket returned status ${response.status} to ${method}.`);
  }

  return {
    async put(id, bytes) {
      await request("PUT", id, bytes);
    },
    async get(id) {
      const response = await request("GET", id);
      return response.status === 404 ? null : new Uint8Array(await response.arrayBuffer());
    },
    async delete(id) {
      await request("DELETE", id);
    },
  };
}
