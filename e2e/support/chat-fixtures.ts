/** Small builders for tests of the conversation at rest. */
import type {
  TranscriptChange,
  TranscriptChangeset,
  TranscriptStorage,
  TranscriptStorageContext,
} from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, vi } from "vitest";
import { createDb, db as appDb, type Db } from "@/lib/db/client";
import { freshDatabase } from "./database";

export function message(
  id: string,
  text = id,
  role: "user" | "assistant" = id.startsWith("a") ? "assistant" : "user",
) {
  return { id, role, parts: [{ type: "text" as const, text }] };
}

export function put(id: string, text = id, final?: boolean): TranscriptChange {
  return { op: "put", message: message(id, text), ...(final === undefined ? {} : { final }) };
}

/** A migrated database of this test file alone, with a client and two people. */
export function testDatabase(): { db: Db; url: string } {
  const shared = {} as { db: Db; url: string };
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await freshDatabase({ migrated: true });
    drop = database.drop;
    shared.url = database.url;
    shared.db = createDb(database.url);
    await shared.db.user.createMany({
      data: ["ada", "bob"].map((id) => ({ id, name: id, email: `${id}@example.com` })),
    });
  });
  afterAll(async () => {
    await shared.db.$disconnect();
    await drop();
  });
  return shared;
}

/** The same for code that uses the client of the app: it is connected to this database. */
export function appDatabase(settings: Record<string, string> = {}): { db: Db; url: string } {
  const shared = testDatabase();
  beforeAll(() => {
    const environment = { DATABASE_URL: shared.url, ...settings };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await appDb.$disconnect();
  });
  return shared;
}

type SaveOptions = Partial<Omit<TranscriptChangeset, "changes">> & {
  run?: { id: string; createdAt: Date };
};

/** One save as the runtime makes it; the transcript's order is what tells a storage where new messages belong. */
export function save(
  storage: TranscriptStorage,
  chatId: string,
  changes: TranscriptChange[],
  options: SaveOptions = {},
) {
  const { run, ...changeset } = options;
  const context = {
    chatId,
    clientData: undefined,
    turn: 0,
    trigger: "submit-message",
    runId: run?.id ?? "",
    ctx: run ? { run } : {},
  } as unknown as TranscriptStorageContext;
  return storage.save(context, {
    reason: "turn-complete",
    changes,
    transcript: { entries: [], state: null },
    ...changeset,
  });
}
