import type { DbClient } from "@/lib/db/client";
import type { AttachmentStore } from "./attachment-store";

/** Stores the bytes in the database, so that one backup contains everything. */
export function postgresStore(db: DbClient): AttachmentStore {
  return {
    async put(id, bytes) {
      const copy = new Uint8Array(bytes);
      await db.attachmentBytes.upsert({
        where: { id },
        create: { id, bytes: copy },
        update: { bytes: copy },
      });
    },
    async get(id) {
      const row = await db.attachmentBytes.findUnique({ where: { id } });
      return row && new Uint8Array(row.bytes);
    },
    async delete(id) {
      await db.attachmentBytes.deleteMany({ where: { id } });
    },
  };
}
