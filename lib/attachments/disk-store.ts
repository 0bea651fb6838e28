import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AttachmentStore } from "./attachment-store";

/** Stores attachments in a local folder, under our ids and never under a file's own name. */
export function diskStore(folder: string): AttachmentStore {
  const fileOf = (id: string) => {
    if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new Error("An attachment's id is not a path.");
    return path.join(folder, id);
  };
  return {
    async put(id, bytes) {
      const file = fileOf(id);
      await mkdir(folder, { recursive: true });
      // The rename makes the write atomic, so no reader sees half a file, even after a crash.
      const unfinished = `${file}.${crypto.randomUUID()}.tmp`;
      try {
        await writeFile(unfinished, bytes);
        await rename(unfinished, file);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    async get(id) {
      try {
        return new Uint8Array(await readFile(fileOf(id)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    delete: (id) => rm(fileOf(id), { force: true }),
  };
}
