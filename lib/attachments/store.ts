/**
 * Where the bytes of attachments are stored: one interface, three adapters. The rows with their owners are always in the
 * database.
 *
 * | `ATTACHMENT_STORE` | where | needs |
 * | --- | --- | --- |
 * | `postgres` (default) | the table `AttachmentBytes` | nothing |
 * | `disk` | a folder, for one server | `ATTACHMENT_DIR` (default `.data/attachments`) |
 * | `s3` | any S3-compatible bucket | `S3_BUCKET_URL`, `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`, `S3_REGION` (default `auto`) |
 *
 * The app writes and the worker reads, so both need the same settings.
 */
import path from "node:path";
import { db } from "@/lib/db/client";
import { env, type Env } from "@/lib/env";
import type { AttachmentStore } from "./attachment-store";
import { diskStore } from "./disk-store";
import { postgresStore } from "./postgres-store";
import { s3Store } from "./s3-store";

/** Returns the configured store. Read per call, because a prewarmed worker gets its environment late. */
export function attachmentStore(settings: Env = env): AttachmentStore {
  switch (settings.ATTACHMENT_STORE) {
    case "postgres":
      return postgresStore(db);
    case "disk":
      return diskStore(settings.ATTACHMENT_DIR ?? path.resolve(".data/attachments"));
    case "s3":
      return s3Store({
        bucketUrl: required(settings, "S3_BUCKET_URL"),
        accessKeyId: required(settings, "S3_ACCESS_KEY_ID"),
        secretAccessKey: required(settings, "S3_SECRET_ACCESS_KEY"),
        region: settings.S3_REGION,
      });
  }
}

function required(
  settings: Env,
  name: "S3_BUCKET_URL" | "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY",
): string {
  const value = settings[name];
  if (!value) throw new Error(`${name} is not set. ATTACHMENT_STORE=s3 needs it.`);
  return value;
}
