import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { checkDatabase, describeDatabaseError } from "./database";
import { runChecks } from "./doctor";
import { acquireLock, lockHolder } from "./lock";
import { isSupportedNode } from "./node-version";
import { choosePort } from "./ports";
import { createService } from "./service";

const projectDir = path.resolve(import.meta.dirname, "../..");

function temporaryFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "holdfast-dev-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function occupiedPort(host?: string) {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

/** Runs an entry that is expected to refuse, and gives back its one sentence. */
async function refusal(entry: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["--import", "tsx", path.join("lib/dev", entry), ...args], {
    cwd: projectDir,
    env: { ...process.env, DATABASE_URL: "", TRIGGER_SECRET_KEY: "", PORT: "", ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  return stderr.trim();
}

function isAlive(pid: number) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the lock", () => {
  it("names who holds the folder, and lets go", async () => {
    const folder = temporaryFolder();
    const lock = await acquireLock(folder);
    lock.update({ url: "http://localhost:3000" });

    expect(JSON.parse(readFileSync(path.join(folder, "holdfast.lock"), "utf8"))).toMatchObject({
      pid: process.pid,
      url: "http://localhost:3000",
    });
    lock.release();
    expect(existsSync(path.join(folder, "holdfast.lock"))).toBe(false);
  });

  it.each([
    ["a dead process", { pid: 2 ** 22 + 1 }],
    ["a process that is somebody else's", { pid: 1 }],
    ["half a line", undefined],
  ])("takes over from %s", async (_name, holder) => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "holdfast.lock"), holder ? JSON.stringify(holder) : '{"pid":');
    const lock = await acquireLock(folder);
    onTestFinished(() => lock.release());

    expect(lock.tookOver).toBe(true);
    expect(lockHolder(folder)).toBeUndefined();
  });

  it("refuses while another start lives, waits while that one stops", async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "holdfast.lock");
    // Only its command line counts.
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", "lib/dev/start.ts"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    await once(other, "spawn");
    writeFileSync(file, JSON.stringify({ pid: other.pid, url: "http://localhost:3000" }));

    await expect(acquireLock(folder)).rejects.toThrow(
      `Holdfast is already running in this folder: http://localhost:3000 (pid ${other.pid}). Open it, or stop it with: kill ${other.pid}`,
    );
    writeFileSync(file, JSON.stringify({ pid: other.pid, stopping: true }));
    const patient = acquireLock(folder);
    other.kill("SIGKILL");
    (await patient).release();
  });

  it("refuses a folder that is a file, in one sentence", async () => {
    const file = path.join(temporaryFolder(), ".data");
    writeFileSync(file, "precious");

    await expect(acquireLock(file)).rejects.toThrow(/is a file, .* Move the file away/);
    expect(readFileSync(file, "utf8")).toBe("precious");
  });
});

describe("ports", () => {
  it("gives way to a neighbour when the default is taken", async () => {
    const taken = await occupiedPort();

    const port = await choosePort({ wanted: undefined, source: "PORT", fallback: taken });
    expect(port).toBeGreaterThan(taken);
  });

  it("also sees a port that is taken on loopback only", async () => {
    const taken = await occupiedPort("127.0.0.1");

    await expect(choosePort({ wanted: String(taken), source: "PORT", fallback: 3000 })).rejects.toThrow(
      `Port ${taken} (PORT) is in use. Stop the program that uses it, or set PORT to another port.`,
    );
  });

  it.each(["abc", "-1", "70000", "80.5"])("refuses %s", async (wanted) => {
    await expect(choosePort({ wanted, source: "--port", fallback: 3000 })).rejects.toThrow(
      /which is not a port/,
    );
  });

  it("waits for somebody who is leaving", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    setTimeout(() => server.close(), 300);

    await expect(
      choosePort({ wanted: String(port), source: "PORT", fallback: 3000, waitMs: 5000 }),
    ).resolves.toBe(port);
  });
});

describe("a service", () => {
  function scripted(lives: number) {
    const said: string[] = [];
    const gaveUp: string[] = [];
    let launches = 0;
    const service = createService({
      name: "Next",
      launch: async () => {
        const lived = ++launches <= lives ? Promise.resolve("exit code 1") : new Promise<string>(() => {});
        return { exited: lived, stop: async () => void said.push("stopped") };
      },
      say: (line) => said.push(line),
      giveUp: (sentence) => gaveUp.push(sentence),
      firstDelayMs: 1,
    });
    return { service, said, gaveUp };
  }

  it("is brought back when it dies, with a line that says so", async () => {
    const { service, said } = scripted(1);
    await service.start();
    await vi.waitFor(() => expect(said).toHaveLength(2));
    await service.stop();

    expect(said).toEqual([
      "Next stopped unexpectedly (exit code 1). Restarting it.",
      "Next is running again.",
      "stopped",
    ]);
  });

  it("is given up after five restarts within a minute", async () => {
    const { service, gaveUp } = scripted(Number.POSITIVE_INFINITY);
    await service.start();

    await vi.waitFor(() =>
      expect(gaveUp).toEqual([
        "Next keeps crashing (exit code 1), so Holdfast stopped. Your data is safe; the logs have the reason.",
      ]),
    );
  });
});

describe("the reaper", () => {
  it("ends the group that was left behind, and spares what was taken back", async () => {
    const script = `
      import { spawn } from "node:child_process";
      import { startReaper } from ${JSON.stringify(path.join(import.meta.dirname, "reaper.ts"))};
      const reaper = startReaper();
      const sleep = () => spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).pid;
      const [left, spared] = [sleep(), sleep()];
      reaper.add(left); reaper.add(spared); reaper.remove(spared);
      console.log(JSON.stringify({ left, spared }));
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      cwd: projectDir,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout, "data");
    const { left, spared } = JSON.parse(String(line)) as { left: number; spared: number };
    onTestFinished(() => void process.kill(spared, "SIGKILL"));
    parent.kill("SIGKILL");

    await vi.waitFor(() => expect(isAlive(left)).toBe(false), 10_000);
    expect(isAlive(spared)).toBe(true);
  });
});

describe("one sentence and the way out", () => {
  const url = "postgresql://ada:very-secret@db.example:5432/chats";

  it.each([
    ["ECONNREFUSED", /^No PostgreSQL server answers at db.example:5432/],
    ["ENOTFOUND", /^The host in DATABASE_URL, db.example, can't be found/],
    ["28P01", /^PostgreSQL at db.example:5432 rejected the user "ada"/],
    ["3D000", /^PostgreSQL at db.example:5432 has no database "chats". Create it/],
    ["53300", /no free connection/],
    ["XX000", /db.example:5432 .* refused the connection: boom\. Correct DATABASE_URL/],
  ])("for the database error %s, without the password", (code, sentence) => {
    const text = describeDatabaseError(Object.assign(new Error("boom"), { code }), url);
    expect(text).toMatch(sentence);
    expect(text).not.toContain("very-secret");
  });

  it.each(["nonsense", "mysql://root@localhost/x", "postgresql://u:%zz@127.0.0.1:1/x"])(
    "for the address %s",
    async (address) => {
      await expect(checkDatabase(address)).rejects.toThrow(/DATABASE_URL/);
    },
  );

  it("for a second start, and touches nothing", async () => {
    const folder = temporaryFolder();
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", "lib/dev/start.ts"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    const file = path.join(folder, "holdfast.lock");
    const lock = JSON.stringify({ pid: other.pid, url: "http://localhost:3000" });
    writeFileSync(file, lock);

    for (const entry of ["start.ts", "engine.ts"]) {
      expect(await refusal(entry, ["--data-dir", folder])).toMatch(
        /^Holdfast is already running in this folder/,
      );
    }
    expect(readFileSync(file, "utf8")).toBe(lock);
  });

  it("for a taken port, an unknown option and a wrong database", async () => {
    const port = String(await occupiedPort());
    const args = ["--data-dir", temporaryFolder()];

    expect(await refusal("start.ts", ["dev", ...args], { PORT: port })).toMatch(
      /^Port \d+ \(PORT\) is in use/,
    );
    expect(await refusal("start.ts", ["dev", "--nonsense"])).toMatch(
      /^Unknown option '--nonsense'\. Use --port/,
    );
    const wrong = { DATABASE_URL: "postgresql://ada:very-secret@127.0.0.1:1/chats" };
    expect(await refusal("start.ts", ["dev", ...args], wrong)).toMatch(
      /^No PostgreSQL server answers at 127.0.0.1:1/,
    );
    expect(await refusal("start.ts", ["dev", ...args], { REQUEST_SWEEP_SECONDS: "often" })).toBe(
      'REQUEST_SWEEP_SECONDS is "often", but it needs a number from 0 to 86400: correct it, or leave it out.',
    );
    expect(await refusal("engine.ts", args.slice(0, 2), { ENGINE_MAX_WORKERS: "NaN" })).toMatch(
      /^ENGINE_MAX_WORKERS is "NaN", but it needs a whole number/,
    );
  });

  it("for an old Node", () => {
    expect(["18.20.0", "20.11.1", "20.18.9"].some(isSupportedNode)).toBe(false);
    expect(["20.19.0", "22.0.0", "24.1.0"].every(isSupportedNode)).toBe(true);
  });
});

describe("the doctor", () => {
  const fixes = async (env: Record<string, string>, dataDir = temporaryFolder()) => {
    const findings = await runChecks({ NODE_ENV: "test", PATH: process.env.PATH, ...env }, dataDir);
    return findings.filter(({ verdict }) => verdict === "fix").map(({ text }) => text);
  };

  it("finds nothing wrong with an untouched folder", async () => {
    expect(await fixes({})).toEqual([]);
  });

  it("names what is wrong with the environment", async () => {
    const texts = await fixes({
      PORT: "abc",
      DATABASE_URL: "postgresql://ada:very-secret@127.0.0.1:1/chats",
      TRIGGER_SECRET_KEY: "pk_dev_123",
      OPENAI_BASE_URL: "localhost:11434",
    });

    expect(texts.join("\n")).toMatch(
      /PORT is "abc"[^]*OPENAI_BASE_URL[^]*No PostgreSQL server answers[^]*public key/,
    );
    expect(texts.join("\n")).not.toContain("very-secret");
  });

  it("names what is only half configured for telling people elsewhere", async () => {
    const hook = { REQUEST_WEBHOOK_URL: "https://example.com/hook" };
    expect(await fixes(hook)).toEqual([expect.stringContaining("needs REQUEST_WEBHOOK_SECRET")]);
    expect(await fixes({ REQUEST_MAIL: "true" })).toEqual([expect.stringContaining("needs RESEND_API_KEY")]);
    expect(await fixes({ REQUEST_SWEEP_SECONDS: "often", CRON_SECRET: "short" })).toHaveLength(2);
    expect(
      await fixes({ ...hook, REQUEST_WEBHOOK_SECRET: "a secret", BETTER_AUTH_URL: "https://chat.example" }),
    ).toEqual([]);
  });
});
