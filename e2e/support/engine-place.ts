import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { configure } from "@trigger.dev/sdk";
import { createDb, type Db } from "@/lib/db/client";
import { freePort } from "@/lib/db/embedded-postgres";
import { freshDatabase } from "./database";
import { startEngineProcess, type EngineProcess } from "./processes";

export type EnginePlace = { db: Db; engine: EngineProcess; close(): Promise<void> };

/** A database with one person in it, and an engine of its own that the SDK of this process talks to. */
export async function startEnginePlace(name: string, userId: string): Promise<EnginePlace> {
  const database = await freshDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), `holdfast-${name}-`));
  const engine = await startEngineProcess({
    databaseUrl: database.url,
    dataDir: folder,
    port: await freePort(),
  });
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  const db = createDb(database.url);
  await db.user.create({ data: { id: userId, name: "Owner", email: "owner@example.com" } });
  return {
    db,
    engine,
    async close() {
      await engine.stop();
      await db.$disconnect();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
