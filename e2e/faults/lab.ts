/** Everything that a fault breaks: a PostgreSQL, an engine and its workers, each of its own and killable. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { configure, deployments, runs, sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import type { UIMessageChunk } from "ai";
import pg from "pg";
import {
  type Answer,
  counted,
  type Line,
  lines,
  openPage,
  type PageOptions,
  readAnswer,
  reload,
  type Site,
  type TestPage,
} from "@/e2e/support/page";
import { childrenOf, projectDir, startEngineProcess, type EngineProcess } from "@/e2e/support/processes";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { revive, reviveAll } from "@/lib/chat/revive/revive";
import { createDb, type Db } from "@/lib/db/client";
import { freePort, startPostgres, type Postgres } from "@/lib/db/embedded-postgres";
import { LOCK } from "@/lib/engine/database";
import type { Arming, Failpoint } from "@/lib/engine/failpoints";
import type { Mode } from "@/lib/engine/mode";
import { migrate } from "@/prisma/migrate";
import { describeCall } from "@/lib/agent/approval-policy";
import {
  add,
  isClean,
  judgeLines,
  judgeText,
  pause,
  PATIENCE_MS,
  stuck,
  until,
  verdict,
  within,
  type Verdict,
} from "./fault";
import type { WorkerFault } from "./worker-faults";

const userId = "owner";
const SWEEP_EVERY_MS = 5_000;
const tasksDir = path.join(projectDir, "e2e/faults/tasks");

export type DeployKind = "handover" | "restart";

export type Lab = Awaited<ReturnType<typeof startLab>>;

type LabOptions = {
  /** Its task files stand in a folder of the lab's own, so that new versions can be deployed. */
  isDeployable?: boolean;
};

export async function startLab(mode: Mode, { isDeployable = false }: LabOptions = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "holdfast-faults-"));
  const armory = path.join(folder, "failpoints");
  await mkdir(armory);
  // Without fsync a killed PostgreSQL still keeps what it committed: the pages are the kernel's, which lives on.
  const settings = ["fsync=off", "full_page_writes=off", "max_connections=300"];
  const dir = path.join(folder, "postgres");
  const port = await freePort();
  let postgres: Postgres = await startPostgres({ dir, port, settings });
  const databaseUrl = postgres.url;
  await migrate(databaseUrl);
  const deployedDir = path.join(folder, "tasks");
  if (isDeployable) await writeVersion(deployedDir, 0);
  const engine: EngineProcess = await startEngineProcess({
    databaseUrl,
    dataDir: folder,
    port: await freePort(),
    tasksDir: isDeployable ? deployedDir : tasksDir,
    watch: isDeployable,
    env: {
      NODE_ENV: "test",
      HOLDFAST_FAILPOINTS: armory,
      ENGINE_MODE: mode,
      // Chats that are done with stay awake for a minute, as they do in the product.
      ENGINE_MAX_WORKERS: "200",
    },
  });
  const db: Db = createDb(databaseUrl);
  await db.user.create({ data: { id: userId, name: "Owner", email: "owner@example.com" } });
  const revival = { startSession: chatSdk.createStartSessionAction("chat"), describe: describeCall };
  const lookAfter = (chatId: string) => revive(db, chatId, revival);
  const site: Site = { db, userId, engineUrl: engine.url, lookAfter };
  // The SDK's server side has one address for the whole process: one lab at a time.
  configure({ baseURL: engine.url, accessToken: engine.secretKey });
  const sweeping = startSweeping(() => reviveAll(db, revival));
  let deploys = 0;
  const currentVersion = async () => (await deployments.retrieveCurrent()).version;

  return {
    folder,
    databaseUrl,
    engine,
    db,
    site,

    open: (chatId: string, options?: PageOptions): TestPage => openPage(site, chatId, options),
    reload: (chatId: string, options?: PageOptions) => reload(site, chatId, options),

    async arm(point: Failpoint | WorkerFault, arming: Arming & { times?: number } = {}): Promise<void> {
      await writeFile(path.join(armory, point), JSON.stringify(arming));
    },
    async disarm(point: Failpoint | WorkerFault): Promise<void> {
      await rm(path.join(armory, point), { force: true });
    },
    isArmed: (point: Failpoint | WorkerFault): boolean => existsSync(path.join(armory, point)),

    /** What PostgreSQL answers to whoever wants room on a disk that has none. */
    async fillDisk(isFull: boolean): Promise<void> {
      const admin = new pg.Client({ connectionString: databaseUrl });
      await admin.connect();
      const tables = ["engine.stream_records", "engine.runs", '"Message"', '"Chat"'];
      if (isFull) {
        await admin.query(
          `create or replace function no_space() returns trigger language plpgsql as $$ begin
             raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
        );
      }
      for (const table of tables) {
        await admin.query(
          isFull
            ? `create trigger no_space before insert or update on ${table} for each statement execute function no_space()`
            : `drop trigger if exists no_space on ${table}`,
        );
      }
      await admin.end();
    },

    postgres: {
      /** The whole of it at once, as the kernel does when memory is short. */
      async kill(): Promise<void> {
        // Stopped first, so that it starts no process that is not on the list and would outlive it.
        signal(postgres.pid, "SIGSTOP");
        const pids = [postgres.pid, ...childrenOf(postgres.pid).map((child) => child.pid)];
        for (const pid of pids) signal(pid, "SIGKILL");
        await postgres.exited;
        // The next one refuses to start as long as one of them holds the shared memory.
        await until(() => !pids.some(isAlive), "every process of PostgreSQL is gone");
      },
      async start(): Promise<void> {
        postgres = await startPostgres({ dir, port, settings });
      },
      stall(): () => void {
        const pids = childrenOf(postgres.pid).map((child) => child.pid);
        for (const pid of [postgres.pid, ...pids]) signal(pid, "SIGSTOP");
        return () => [postgres.pid, ...pids].forEach((pid) => signal(pid, "SIGCONT"));
      },
    },

    /** A second engine on the same database. Resolves when it has ended, with what it said. */
    async startTwin(): Promise<{ ended: boolean; output: string }> {
      const dataDir = path.join(folder, "twin");
      const twin = startEngineProcess({ databaseUrl, dataDir, port: await freePort(), tasksDir });
      return twin.then(
        async (running) => {
          await running.stop();
          return { ended: false, output: running.log() };
        },
        (error: Error) => ({ ended: true, output: error.message }),
      );
    },

    /** Takes the database from the engine, as another one would whose connection came first after an outage. */
    async stealLock(): Promise<{ release(): Promise<void> }> {
      const thief = new pg.Client({ connectionString: databaseUrl });
      await thief.connect();
      await thief.query(
        `with held as (select pid, classid, objid from pg_locks where locktype = 'advisory' and granted),
           freed as (select pg_terminate_backend(pid) from held)
         select count(*) from freed`,
      );
      const [classid, objid] = LOCK;
      await until(async () => {
        const answer = await thief.query("select pg_try_advisory_lock($1, $2) as mine", [classid, objid]);
        return answer.rows[0].mine as boolean;
      }, "the lock is free");
      return { release: () => thief.end() };
    },

    /** The version that the next run gets. */
    currentVersion,

    /**
     * Deploys a new version in one of the two ways that there are: the platform lives on and runs that are under way
     * stay on their version (Trigger.dev, and a bundle that the engine rebuilds), or everything is ended and started
     * again (one server with `npm start`).
     */
    async deploy(kind: DeployKind): Promise<void> {
      deploys += 1;
      if (kind === "restart") {
        await writeVersion(deployedDir, deploys);
        return engine.restart("SIGTERM");
      }
      const before = await currentVersion();
      await writeVersion(deployedDir, deploys);
      await until(async () => (await currentVersion()) !== before, `version ${deploys} is deployed`);
    },

    /** Of the chat's runs, oldest first: why each began, and on which version. */
    async runsOf(chatId: string): Promise<Array<{ reason: string; version: string | null }>> {
      return db.$queryRaw`
        SELECT run.reason, run.version FROM engine.runs run JOIN engine.sessions session ON session.id = run.session_id
        WHERE session.external_id = ${chatId} ORDER BY run.created_at, run.id`;
    },

    /** The chat's worker, dead. False: it had none. */
    async killWorker(chatId: string): Promise<boolean> {
      const pid = await engine.workerOf(chatId);
      if (pid !== undefined) signal(pid, "SIGKILL");
      return pid !== undefined;
    },

    /** What the chat's newest run does. */
    async runStatus(chatId: string): Promise<string | undefined> {
      const session = await sessions.retrieve(chatId);
      return session.currentRunId ? (await runs.retrieve(session.currentRunId)).status : undefined;
    },

    /** The chat is done with: its idle worker need not stay for the minute that a person would be given. */
    async retire(chatId: string): Promise<void> {
      await this.killWorker(chatId);
    },

    /** What stands in the database once it is what is wanted, or what stands there instead when the time is up. */
    async judgeSaved(chatId: string, wanted: Line[], patienceMs = PATIENCE_MS): Promise<Verdict> {
      for (const deadline = Date.now() + patienceMs; ; await pause(50)) {
        const transcript = await loadTranscript(db, chatId);
        const saved = judgeLines(transcript ? lines(transcript) : [], wanted, `${chatId} in the database`);
        if (transcript?.status === "failed")
          add(saved, { ...verdict(), lost: 1, notes: [`${chatId} is saved as failed`] });
        const isSettled = transcript !== null && transcript.status !== "running";
        if (isSettled && isClean(saved)) return saved;
        if (Date.now() < deadline) continue;
        if (isSettled) return saved;
        return add(saved, stuck(`${chatId} was not saved in time: ${transcript?.status ?? "no such chat"}`));
      }
    },

    judgeShown,

    async close(): Promise<void> {
      await sweeping.stop();
      await engine.stop();
      await db.$disconnect();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };

  /** What a page shows that comes now: what is saved and what the stream then brings, each message once. */
  async function judgeShown(chatId: string, wanted: Line[], where: string): Promise<Verdict> {
    const { transcript, stream } = await reload(site, chatId);
    const shown = lines(transcript);
    const answer = stream && (await within(readAnswer(stream), PATIENCE_MS));
    if (stream && !answer) return stuck(`${where}: the stream never ended`);
    const known = new Set(transcript.messages.map((message) => message.id));
    for (const { id, text } of answer?.finished ?? []) {
      if (id && known.has(id)) {
        return { ...verdict(), doubled: 1, notes: [`${where}: ${id} is saved and is streamed again`] };
      }
      shown.push(["assistant", text.trim()]);
    }
    return judgeLines(shown, wanted, where);
  }
}

async function writeVersion(dir: string, version: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  const source = `export { chatAgent } from "@/e2e/faults/tasks/chat";\nexport const VERSION = ${version};\n`;
  // Renamed into place, because a build must not meet half of it.
  await writeFile(path.join(dir, "chat.next"), source);
  await rename(path.join(dir, "chat.next"), path.join(dir, "chat.ts"));
}

/** What the product's server does while nobody looks (lib/jobs/sweep.ts): looks after awaited answers, never twice at once. */
function startSweeping(sweep: () => Promise<unknown>) {
  let isStopped = false;
  const running = (async () => {
    while (!isStopped) {
      await sweep().catch(() => {}); // The database may be away just now.
      for (let waited = 0; waited < SWEEP_EVERY_MS && !isStopped; waited += 100) await pause(100);
    }
  })();
  return {
    async stop(): Promise<void> {
      isStopped = true;
      await running;
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone by itself in the meantime.
  }
}

/** Reads an answer that should be "0 1 … to". `healed` starts the clock: from then on it has 30 s. */
export async function judgeAnswer(
  stream: Promise<ReadableStream<UIMessageChunk>>,
  to: number,
  options: {
    healed?: Promise<unknown>;
    onChunk?: (seen: number, chunk: UIMessageChunk) => void | Promise<void>;
    where?: string;
  } = {},
): Promise<Verdict & { answer?: Answer }> {
  const { healed = Promise.resolve(), onChunk, where = "the stream" } = options;
  const reading = stream.then((chunks) => readAnswer(chunks, onChunk));
  reading.catch(() => {}); // Looked at below, when the fault has healed.
  const result: Verdict & { answer?: Answer } = verdict();
  try {
    const answer = await Promise.race([reading, healed.then(() => within(reading, PATIENCE_MS))]);
    if (!answer) {
      result.stuck = 1;
      result.notes.push(`${where}: the turn was not over ${PATIENCE_MS / 1000} s after the fault had healed`);
      return result;
    }
    result.answer = answer;
    if (answer.errors.length > 0) {
      result.lost += 1;
      result.notes.push(`${where}: ended in an error: ${answer.errors.join(", ")}`);
    }
    return add(result, judgeText(answer.text, counted(to), where)) as typeof result;
  } catch (error) {
    result.lost += 1;
    result.notes.push(`${where}: broke off: ${(error as Error).stack ?? String(error)}`);
    return result;
  }
}

/** The lines of a conversation in which every question was to count. */
export function countedLines(...turns: Array<[question: string, to: number]>): Line[] {
  return turns.flatMap(([question, to]): Line[] => [
    ["user", question],
    ["assistant", counted(to)],
  ]);
}
