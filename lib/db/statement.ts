/**
 * Raw SQL of the app and the worker. A statement stands in a file named `*.sql.ts`, beside the code that uses it, with
 * the columns it returns; nothing else calls Prisma's raw queries. lib/db/statements.test.ts prepares every statement
 * against the migrated schema and compares its columns with what is declared here.
 */
import { Prisma } from "@/prisma/generated/client";
import type { DbClient } from "./client";

export const { sql, empty } = Prisma;
export type Sql = Prisma.Sql;

/** A returned column: its type in PostgreSQL, and the type that Prisma makes of a value. */
export type Column<Value = unknown> = {
  readonly type: string;
  readonly isNullable: boolean;
  /** Only a type: no column has this property. */
  readonly value?: Value;
};

type Columns = Record<string, Column>;

type Row<Declared extends Columns> = {
  -readonly [Name in keyof Declared]: Declared[Name] extends Column<infer Value> ? Value : never;
};

/** A function that runs one statement; the test reads its other properties. */
export type Statement<Args extends unknown[], Result> = {
  (db: DbClient, ...args: Args): Promise<Result>;
  /** Undefined for a statement whose rows are only counted. */
  readonly columns: Columns | undefined;
  /** Arguments that show every shape of the statement. */
  readonly examples: readonly Args[];
  readonly build: (...args: Args) => Sql;
};

/** A statement that returns rows with these columns. */
export function query<Declared extends Columns, Args extends unknown[]>(
  columns: Declared,
  build: (...args: Args) => Sql,
  ...examples: [NoInfer<Args>, ...NoInfer<Args>[]]
): Statement<Args, Row<Declared>[]> {
  const run = (db: DbClient, ...args: Args) => db.$queryRaw<Row<Declared>[]>(build(...args));
  return Object.assign(run, { columns, examples, build });
}

/** A statement that changes rows, and resolves with how many. */
export function command<Args extends unknown[]>(
  build: (...args: Args) => Sql,
  ...examples: [NoInfer<Args>, ...NoInfer<Args>[]]
): Statement<Args, number> {
  const run = (db: DbClient, ...args: Args) => db.$executeRaw(build(...args));
  return Object.assign(run, { columns: undefined, examples, build });
}

/** A parameter for a column without a time zone: such columns hold UTC, whatever zone the connection is in. */
export function utc(date: Date): Sql {
  return sql`${date.toISOString().slice(0, -1)}::text::timestamp`;
}

function column<Value>(type: string): Column<Value> {
  return { type, isNullable: false };
}

export const text = <Value extends string = string>() => column<Value>("text");
export const textArray = () => column<string[]>("text[]");
export const integer = () => column<number>("integer");
export const bool = () => column<boolean>("boolean");
export const timestamp = () => column<Date>("timestamp without time zone");
export const timestampWithZone = () => column<Date>("timestamp with time zone");
export const json = <Value>() => column<Value>("json");
export const jsonb = <Value>() => column<Value>("jsonb");

export function orNull<Value>({ type }: Column<Value>): Column<Value | null> {
  return { type, isNullable: true };
}
