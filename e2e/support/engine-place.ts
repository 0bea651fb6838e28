import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { configure } from "@trigger.dev/sdk";
import { createDb, type Db } from "@/lib/db/client";
import { freePort } from "@/lib/db/embedded-postgres";
import { freshDatabase } from "./database";
import { startEngineProcess, type EngineProcess } from "./processes";

export type EnginePlace = { db: Db; databaseUrl: string; engine: EngineProcess; close(): Promise<void> };

type EnginePlaceOptions = {
  /** Ids of the users that exist. Default: `owner` alone. */
  people?: string[];
  /** Settings of the engine and its workers. */
  env?: Record<string, string>;
};

/** A database with people in it, and an engine of its own that the SDK of this process talks to. */
export async function startEnginePlace({
  people = ["owner"],
  env = {},
}: EnginePlaceOptions = {}): Promise<EnginePlace> {
  const database = await freshDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-engine-place-"));
  const engine = await startEngineProcess({
    databaseUrl: database.url,
    dataDir: folder,
    port: await freePort(),
    env,
  });
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  const db = createDb(database.url);
  for (const id of people)
    await db.user.create({
      data: { id, name: id[0]!.toUpperCase() + id.slice(1), email: `${id}@example.com` },
    });
  return {
    db,
    databaseUrl: database.url,
    engine,
    async close() {
      await engine.stop();
      await db.$disconnect();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
