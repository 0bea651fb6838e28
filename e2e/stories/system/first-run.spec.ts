import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmod, chown, cp, lstat, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { freePort } from "@/lib/db/embedded-postgres";
import { projectDir } from "../../support/processes";

/** What `npm install` writes into the working tree beside the packages (lib/dev/generate.mjs). */
const generated = ["prisma/generated", "trigger/sandbox/generated"];

const isRoot = process.getuid?.() === 0;

let parent: string;
let child: ChildProcess | undefined;

test.beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "holdfast-first-run-"));
});
test.afterEach(async () => {
  if (child && child.exitCode === null && !child.signalCode) {
    const exit = new Promise((resolve) => child!.once("exit", resolve));
    child.kill("SIGTERM");
    await exit;
  }
  child = undefined;
  await rm(parent, { recursive: true, force: true });
});

/** A clone of the working tree with its packages, in a folder that only its owner may enter. */
async function clone(owner: { uid: number; gid: number } | undefined): Promise<string> {
  const folder = path.join(parent, "holdfast");
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: projectDir, encoding: "utf8" }).split("\0");
  for (const file of [...files.filter(Boolean), ...generated])
    await cp(path.join(projectDir, file), path.join(folder, file), { recursive: true });
  if (owner) {
    execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
    await chown(parent, owner.uid, owner.gid);
  }
  // Hard links where possible, because the packages take a gigabyte; made after `chown`, which would follow them.
  const packages = path.join(projectDir, "node_modules");
  const target = path.join(folder, "node_modules");
  try {
    execFileSync("cp", ["-Rl", packages, target], { stdio: "ignore" });
  } catch {
    await rm(target, { recursive: true, force: true });
    execFileSync("cp", ["-R", packages, target]);
  }
  await chmod(parent, 0o700);
  return folder;
}

/** Runs the README's first command after the installation. */
async function firstRun(folder: string, owner: { uid: number; gid: number } | undefined): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, PORT: String(await freePort()), HOME: parent };
  for (const name of ["DATABASE_URL", "TRIGGER_SECRET_KEY", "ENGINE_SECRET_KEY"]) delete env[name];
  child = spawn(process.execPath, ["--import", "tsx", "lib/dev/start.ts", "dev"], {
    cwd: folder,
    env,
    ...owner,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = () => /^Holdfast is ready: (\S+)$/m.exec(output)?.[1];
  await expect.poll(() => url() !== undefined || child?.exitCode !== null, { timeout: 240_000 }).toBe(true);
  const ready = url();
  if (!ready) throw new Error(`It did not get ready:\n${output}`);
  return ready;
}

/** A user that root can run a process as. */
async function ordinaryUser(): Promise<{ uid: number; gid: number }> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

for (const who of ["root", "an ordinary user"] as const) {
  test(`the first command works for ${who} in a folder that nobody else may enter`, async ({ page }) => {
    test.skip(who === "root" && !isRoot, "only root can be root");
    test.setTimeout(420_000);
    const owner = who === "an ordinary user" && isRoot ? await ordinaryUser() : undefined;
    const folder = await clone(owner);
    expect((await lstat(parent)).mode & 0o777).toBe(0o700);

    const url = await firstRun(folder, owner);
    page.setDefaultTimeout(90_000);
    await page.goto(url);
    await page.getByRole("textbox", { name: "Message" }).fill("count to 3");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await expect(page.locator('[data-slot="message"][data-role="assistant"]')).toContainText("0 1 2 3", {
      timeout: 90_000,
    });
  });
}
