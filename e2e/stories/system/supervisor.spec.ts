import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { freePort } from "@/lib/db/embedded-postgres";
import { projectDir } from "../../support/processes";

/** Runs `npm run dev` or `npm start` with the data in a folder of this story. */
function start(command: "dev" | "start", dataDir: string, env: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "lib/dev/start.ts", command, "--data-dir", dataDir],
    {
      cwd: projectDir,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, ended, output: () => output };
}

type Started = ReturnType<typeof start>;

async function ready({ output, child }: Started): Promise<string> {
  await expect
    .poll(() => /^Holdfast is ready: (\S+)$/m.test(output()) || child.exitCode !== null, { timeout: 120_000 })
    .toBe(true);
  const url = output().match(/^Holdfast is ready: (\S+)$/m)?.[1];
  if (!url) throw new Error(`It did not get ready:\n${output()}`);
  return url;
}

/** Every descendant of this process, including those in process groups of their own. */
function family(root: number): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (pid: number): number[] =>
    rows.filter(([, parent]) => parent === pid).flatMap(([child]) => [child!, ...below(child!)]);
  return below(root);
}

function alive(pids: number[]): number[] {
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
      return !/^Z/.test(execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).trim());
    } catch {
      // The process has ended, perhaps between the two checks.
      return false;
    }
  });
}

let dataDir: string;
const started: ChildProcess[] = [];

test.beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "holdfast-supervisor-"));
});
test.afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode) continue;
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await exit;
  }
  await rm(dataDir, { recursive: true, force: true });
});

function run(...args: Parameters<typeof start>): Started {
  const running = start(...args);
  started.push(running.child);
  return running;
}

test(
  "npm run dev in a fresh folder prints one line, and the chat works",
  { tag: "@promise" },
  async ({ page }) => {
    test.setTimeout(300_000);
    const dev = run("dev", dataDir, { PORT: String(await freePort()) });
    const url = await ready(dev);
    expect(dev.output().trim().split("\n").at(-1)).toBe(`Holdfast is ready: ${url}`);
    const response = await fetch(url, { headers: { accept: "text/html" } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Try to break it");

    // In development React calls every pure function twice; a queued message is still sent once.
    page.setDefaultTimeout(60_000);
    await page.goto(url);
    const box = page.getByRole("textbox", { name: "Message" });
    const answers = page.locator('[data-slot="message"][data-role="assistant"]');
    await box.fill("count to 100 at 50 ms");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await expect(answers).toContainText(/\b2\b/, { timeout: 60_000 });
    await box.fill("count to 3");
    await box.press("Enter");
    await expect(page.locator("[data-queued]")).toHaveCount(1);
    await expect(answers.nth(1)).toContainText("0 1 2 3", { timeout: 60_000 });
    await expect(page.locator("[data-queued]")).toHaveCount(0);
    await page.reload();
    await expect(answers).toHaveCount(2);
  },
);

test("a second start is refused in one sentence, and SIGTERM stops everything", async () => {
  const port = String(await freePort());
  const first = run("start", dataDir, { PORT: port });
  const url = await ready(first);
  const all = family(first.child.pid!);
  expect(all.length).toBeGreaterThan(3);

  const second = run("start", dataDir);
  expect(await second.ended).toBe(1);
  expect(second.output().trim()).toBe(
    `Holdfast is already running in this folder: ${url} (pid ${first.child.pid}). Open it, or stop it with: kill ${first.child.pid}`,
  );

  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  await expect.poll(() => alive(all)).toEqual([]);

  // The data is intact: the same folder starts again.
  await ready(run("start", dataDir, { PORT: port }));
});

test("kill -9 leaves no orphans, and the next start recovers", async () => {
  const port = String(await freePort());
  const first = run("start", dataDir, { PORT: port });
  await ready(first);
  const all = family(first.child.pid!);
  first.child.kill("SIGKILL");
  await first.ended;
  await expect.poll(() => alive(all), { timeout: 10_000 }).toEqual([]);
  await ready(run("start", dataDir, { PORT: port }));
});

test("a crashed engine is restarted", async () => {
  const app = run("start", dataDir, { PORT: String(await freePort()) });
  const url = await ready(app);
  const pid = () =>
    family(app.child.pid!).find((candidate) =>
      execFileSync("ps", ["-o", "args=", "-p", String(candidate)], { encoding: "utf8" }).includes(
        "lib/engine/main.ts",
      ),
    );
  const before = pid()!;
  process.kill(before, "SIGKILL");
  // The engine itself checks who is asking; without this, nothing does.
  const ask = async () => (await fetch(`${url}/engine/api/v1/sessions/none`)).status;
  await expect.poll(ask, { timeout: 30_000 }).toBe(401);
  expect(pid()).not.toBe(before);
});

test.describe("a refused start prints one clear sentence, and changes nothing", () => {
  test("a taken port", async () => {
    const running = run("start", dataDir, { PORT: String(await freePort()) });
    const port = new URL(await ready(running)).port;
    const other = await mkdtemp(path.join(tmpdir(), "holdfast-supervisor-"));
    const refused = run("start", other, { PORT: port });
    expect(await refused.ended).toBe(1);
    expect(refused.output().trim().split("\n")).toEqual([expect.stringMatching(`^Port ${port} .*PORT`)]);
    await rm(other, { recursive: true, force: true });
  });

  test("a data folder that is a file", async () => {
    const file = path.join(dataDir, "file");
    await writeFile(file, "mine");
    const refused = run("start", file);
    expect(await refused.ended).toBe(1);
    expect(refused.output().trim().split("\n")).toHaveLength(1);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  for (const [what, url] of [
    ["a server that is not there", "postgresql://me:secret-word@127.0.0.1:1/app"],
    ["an address that is none", "not a database"],
  ] as const) {
    test(`DATABASE_URL names ${what}`, async () => {
      const refused = run("start", dataDir, { DATABASE_URL: url, PORT: String(await freePort()) });
      expect(await refused.ended).toBe(1);
      expect(refused.output().trim().split("\n")).toEqual([expect.stringMatching(/DATABASE_URL/)]);
      expect(refused.output()).not.toContain("secret-word");
    });
  }
});
