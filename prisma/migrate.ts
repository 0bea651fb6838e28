/**
 * Applies migrations without a download. Prisma's CLI fetches a schema-engine binary at first use, which many networks
 * block. Prisma publishes the same engine as WebAssembly; it writes the usual `_prisma_migrations` table, so
 * `prisma migrate deploy` later sees these migrations as applied.
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as schemaEngine from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";
import { startPostgres } from "@/lib/db/embedded-postgres.ts";
import { env } from "../lib/env.ts";

const folder = import.meta.dirname;
const migrationsFolder = path.join(folder, "migrations");
const filters = { externalTables: [], externalEnums: [] };

/** Applies the pending migrations. Returns their names, oldest first. */
export function migrate(databaseUrl: string): Promise<string[]> {
  return withEngine(databaseUrl, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: await readMigrations(),
      filters,
    });
    return appliedMigrationNames;
  });
}

/** The SQL from one `schema.prisma` (its text; "" for none) to another. The database is needed, but not read. */
export function diff(databaseUrl: string, from: string, to: string): Promise<string> {
  const datamodel = (content: string) => ({ files: [{ path: "schema.prisma", content }] });
  return withEngine(databaseUrl, async (engine) => {
    const { stdout } = await engine.diff({
      from: from === "" ? { tag: "empty" } : { tag: "schemaDatamodel", ...datamodel(from) },
      to: { tag: "schemaDatamodel", ...datamodel(to) },
      script: true,
      exitCode: null,
      filters,
    } as schemaEngine.DiffParams);
    return stdout ?? "";
  });
}

async function withEngine<T>(
  databaseUrl: string,
  work: (engine: schemaEngine.SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await (bindings ??= loadBindings());
  // The engine does not close its connections, so this function owns the pool.
  const pool = new pg.Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
    const { path: name, content } = await schemaFile();
    const engine = await SchemaEngine.new({ datamodels: [[name, content]] }, () => {}, adapter);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

let bindings: Promise<typeof schemaEngine> | undefined;

/** Loaded once: the bindings share one module-wide instance, and a second would corrupt the memory of the first. */
async function loadBindings(): Promise<typeof schemaEngine> {
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const { instance } = await WebAssembly.instantiate(await readFile(entry.replace(/\.js$/, ".wasm")), {
    "./schema_engine_bg.js": schemaEngine as unknown as WebAssembly.ModuleImports,
  });
  schemaEngine.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as (() => void) | undefined)?.();
  return schemaEngine;
}

async function schemaFile() {
  return { path: "schema.prisma", content: await readFile(path.join(folder, "schema.prisma"), "utf8") };
}

async function readMigrations(): Promise<schemaEngine.MigrationList> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return {
    baseDir: "prisma/migrations",
    lockfile: {
      path: "migration_lock.toml",
      content: await readFile(path.join(migrationsFolder, "migration_lock.toml"), "utf8"),
    },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(
      names.sort().map(async (name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: {
            tag: "ok" as const,
            value: await readFile(path.join(migrationsFolder, name, "migration.sql"), "utf8"),
          },
        },
      })),
    ),
  };
}

/** Writes a migration from the committed schema to the schema on disk. */
async function writeMigration(name: string): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), "holdfast-diff-"));
  const postgres = await startPostgres({ dir: path.join(scratch, "postgres") });
  try {
    const sql = await diff(
      postgres.url,
      committedSchema(),
      await readFile(path.join(folder, "schema.prisma"), "utf8"),
    );
    if (/^\s*(-- This is an empty migration.*)?\s*$/.test(sql))
      return console.log("schema.prisma has not changed.");
    const target = path.join(
      migrationsFolder,
      `${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}_${name}`,
    );
    await mkdir(target, { recursive: true });
    await writeFile(path.join(target, "migration.sql"), sql);
    console.log(`Wrote ${path.relative(process.cwd(), target)}/migration.sql`);
  } finally {
    await postgres.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

function committedSchema(): string {
  const git = spawnSync("git", ["show", "HEAD:./schema.prisma"], { cwd: folder, encoding: "utf8" });
  return git.status === 0 ? git.stdout : "";
}

async function main(): Promise<void> {
  const [command, name] = process.argv.slice(2);
  if (command === "diff") {
    if (!name) throw new Error("Name the migration: npm run db:diff -- add_something");
    return writeMigration(name);
  }
  const databaseUrl = env.DATABASE_URL;
  if (!databaseUrl)
    throw new Error("DATABASE_URL is not set. `npm run dev` migrates the embedded database by itself.");
  const applied = await migrate(databaseUrl);
  console.log(applied.length === 0 ? "The database is up to date." : `Applied ${applied.join(", ")}.`);
}

if (process.argv[1] === import.meta.filename) await main();
