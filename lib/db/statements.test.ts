import { readFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { describeStatement, type DescribedColumn } from "@/e2e/support/describe-statement";
import { migrate } from "@/lib/engine/schema";
import { command, query, sql, text, orNull, timestamp, type Column, type Statement } from "./statement";

const root = path.resolve(import.meta.dirname, "../..");
const product = filesIn(["app", "components", "lib", "prisma", "trigger"]);
const statementFiles = product.filter((file) => file.endsWith(".sql.ts"));

type AnyStatement = Statement<unknown[], unknown>;

const shared = testDatabase();
let client: pg.Client;
let statements: { name: string; statement: AnyStatement }[];

beforeAll(async () => {
  client = new pg.Client({ connectionString: shared.url });
  await client.connect();
  const modules = await Promise.all(
    statementFiles.map(
      async (file) => [file, (await import(path.join(root, file))) as Record<string, unknown>] as const,
    ),
  );
  statements = modules.flatMap(([file, module]) =>
    Object.entries(module).flatMap(([name, value]) =>
      isStatement(value) ? [{ name: `${file}: ${name}`, statement: value }] : [],
    ),
  );
});
afterAll(() => client.end());

describe("raw SQL", () => {
  it("stands in files named *.sql.ts, and only lib/db/statement.ts runs it", async () => {
    for (const file of product) {
      const source = await readFile(path.join(root, file), "utf8");
      if (file === "lib/db/statement.ts") continue;
      const runs = /\$(?:query|execute)Raw/.test(source);
      // rate-limiter-flexible writes its own SQL.
      expect(runs && file !== "lib/http/limit-counter.sql.ts", `${file} runs raw SQL by itself`).toBe(false);
      if (!file.endsWith(".sql.ts"))
        expect(/\bPrisma\.(?:sql|join|raw|empty)\b|(?<![.\w])sql`/.test(source), `${file} has SQL`).toBe(
          false,
        );
    }
  });

  it("exports every statement, so that no statement goes unchecked", async () => {
    for (const file of statementFiles) {
      const source = await readFile(path.join(root, file), "utf8");
      const written = source.match(/=\s*(?:query|command)\(/g) ?? [];
      const exported = statements.filter(({ name }) => name.startsWith(`${file}: `));
      expect(exported.length, file).toBe(written.length);
    }
    expect(statements.length).toBeGreaterThan(50);
  });

  it("fits the migrated schema, and returns the columns that are declared", async () => {
    for (const { name, statement } of statements) expect(await problemsOf(statement), name).toEqual([]);
  });

  it("is caught with a column missing, renamed, added or of another type", async () => {
    for (const { name, statement } of statements) {
      const { columns } = statement;
      if (!columns) continue;
      const described = await describeExample(statement, statement.examples[0]!);
      for (const [column, declared] of Object.entries(columns)) {
        const { [column]: _, ...others } = columns;
        const mutants: Record<string, Column>[] = [
          others,
          { ...others, [`${column}2`]: declared },
          { ...columns, extra: text() },
          { ...columns, [column]: declared.type === "text" ? timestamp() : text() },
        ];
        for (const mutant of mutants)
          expect(mismatches(mutant, described), `${name}, ${column}`).not.toEqual([]);
      }
    }
  });

  it("is caught with a wrong name, no type, or a null that is not declared", async () => {
    const noTable = command(() => sql`UPDATE "Chats" SET title = 'x'`, []);
    const noColumn = query({ id: text() }, () => sql`SELECT id FROM "Chat" WHERE "userID" = 'x'`, []);
    const noType = query(
      { id: text() },
      (value: string) => sql`SELECT ${value} AS id WHERE ${value} IS NULL`,
      ["x"],
    );
    const noNull = query({ title: text() }, () => sql`SELECT title FROM "Chat"`, []);
    const withNull = query({ title: orNull(text()) }, () => sql`SELECT title FROM "Chat"`, []);
    expect(await problemsOf(noTable as unknown as AnyStatement)).toEqual(['relation "Chats" does not exist']);
    expect(await problemsOf(noColumn as unknown as AnyStatement)).toEqual(['column "userID" does not exist']);
    expect(await problemsOf(noType as unknown as AnyStatement)).toEqual([
      expect.stringContaining("could not determine data type of parameter"),
    ]);
    expect(await problemsOf(noNull as unknown as AnyStatement)).toEqual(["title can be null"]);
    expect(await problemsOf(withNull as unknown as AnyStatement)).toEqual([]);
  });

  it("of the engine fits its tables", async () => {
    const pool = new pg.Pool({ connectionString: shared.url });
    await migrate(pool);
    await pool.end();
    const found: string[] = [];
    for (const file of product.filter((name) => name.startsWith("lib/engine/"))) {
      const source = await readFile(path.join(root, file), "utf8");
      for (const statement of staticStatements(source)) {
        found.push(statement);
        await expect(describeStatement(client, statement), `${file}: ${statement}`).resolves.toBeDefined();
      }
    }
    expect(found.length).toBeGreaterThan(20);
  });
});

/** Literals without substitutions, in double quotes or backticks. */
const LITERAL = /"([^"\n]*)"|`((?:[^`$]|\$(?!\{))*)`/g;

/** The literals that begin like a statement and name a table of the engine. */
function staticStatements(source: string): string[] {
  return (
    [...source.matchAll(LITERAL)]
      .map(([, quoted, template]) => quoted ?? template ?? "")
      // A list of subqueries alone is the beginning of several statements.
      .map((text) => (/^\s*with\s[^]*\)\s*$/.test(text) ? `${text} select 1` : text))
      .filter((text) => /^\s*(?:select|insert|update|delete|with)\s/.test(text) && /\bengine\.\w/.test(text))
  );
}

async function problemsOf(statement: AnyStatement): Promise<string[]> {
  const problems: string[] = [];
  for (const example of statement.examples) {
    try {
      const described = await describeExample(statement, example);
      if (statement.columns) problems.push(...mismatches(statement.columns, described));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems;
}

function describeExample({ build }: AnyStatement, example: unknown[]): Promise<DescribedColumn[]> {
  return describeStatement(client, build(...example).text);
}

function mismatches(declared: Record<string, Column>, described: DescribedColumn[]): string[] {
  const returned = new Set(described.map(({ name }) => name));
  return [
    ...Object.keys(declared).flatMap((name) => (returned.has(name) ? [] : [`${name} is not returned`])),
    ...described.flatMap(({ name, type, isNullable }) => {
      const column = declared[name];
      if (!column) return [`${name} is not declared`];
      if (column.type !== type) return [`${name} is ${type}, not ${column.type}`];
      return isNullable && !column.isNullable ? [`${name} can be null`] : [];
    }),
  ];
}

function isStatement(value: unknown): value is AnyStatement {
  return typeof value === "function" && "build" in value && "examples" in value;
}

function filesIn(folders: string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map(
        (file) => `${folder}/${file}`,
      ),
    )
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|^prisma\/generated\//.test(file))
    .sort();
}
