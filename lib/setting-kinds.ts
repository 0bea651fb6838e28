/** The kinds of settings: what each accepts, and the words that refuse anything else. */
import { Cron } from "croner";
import { z } from "zod";
import { isRange } from "@/lib/http/addresses";

export type Setting<T> = {
  /** For the README, where a setting without it is not listed: the start or the platform sets that one. */
  about?: string;
  /** For the README: what holds without it. */
  otherwise: string;
  /** What a value must be, for the sentence that refuses another. */
  needs: string;
  schema: z.ZodType<T, string | undefined>;
  /** What the sentence says of a value that must not be shown. */
  has?: (raw: string) => string;
  /** A secret of ours: in production it has as many characters as this, and looks random. */
  realFrom?: number;
};

export function text(about?: string, otherwise?: string): Setting<string | undefined>;
export function text(about: string, otherwise: string, fallback: string): Setting<string>;
export function text(about?: string, otherwise = "none", fallback?: string): Setting<string | undefined> {
  return {
    about,
    otherwise,
    needs: "a text",
    schema: z
      .string()
      .optional()
      .transform((value) => value ?? fallback),
  };
}

export function secret(
  about: string,
  otherwise: string,
  { min = 1, realFrom }: { min?: number; realFrom?: number } = {},
): Setting<string | undefined> {
  const has = (raw: string) => `has ${raw.length} characters`;
  const schema = z.string().min(min).optional();
  return { about, otherwise, needs: `${min} or more`, has, schema, ...(realFrom && { realFrom }) };
}

export function url(about?: string, otherwise?: string): Setting<string | undefined>;
export function url(about: string, otherwise: string, fallback: string): Setting<string>;
export function url(about?: string, otherwise = "none", fallback?: string): Setting<string | undefined> {
  const schema = z.url({ protocol: /^https?$/ }).optional();
  const needs = "an address that begins with http:// or https://";
  return { about, otherwise, needs, schema: schema.transform((value) => value ?? fallback) };
}

export function postgresUrl(about: string, otherwise: string): Setting<string | undefined> {
  const needs = "one such as postgresql://user:password@host:5432/database";
  const has = () => "is not a PostgreSQL address";
  return {
    about,
    otherwise,
    needs,
    has,
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\/./)
      .optional(),
  };
}

/** Five fields, as Trigger.dev takes them. */
export function cron(about: string, otherwise: string): Setting<string | undefined> {
  const schema = z.string().refine(isCron).optional();
  return { about, otherwise, needs: "a cron pattern of five fields, such as 0 7 * * 1-5", schema };
}

function isCron(pattern: string): boolean {
  try {
    return /^\S+( \S+){4}$/.test(pattern) && new Cron(pattern, { paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

export function timeZone(about: string, fallback: string): Setting<string> {
  const schema = z
    .string()
    .refine((name) => isTimeZone(name))
    .optional()
    .transform((value) => value ?? fallback);
  return { about, otherwise: fallback, needs: "a time zone such as Europe/Oslo", schema };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format() !== "";
  } catch {
    return false;
  }
}

type Range = { min: number; max: number };

export function integer(about: string, otherwise: string, range: Range): Setting<number | undefined>;
export function integer(about: string, range: Range & { fallback: number }): Setting<number>;
export function integer(about: string, ...rest: [string, Range] | [Range & { fallback: number }]) {
  return numeric("a whole number", z.int(), about, ...rest);
}

export function number(about: string, range: Range & { fallback: number }): Setting<number> {
  return numeric("a number", z.number(), about, range) as Setting<number>;
}

function numeric(
  kind: string,
  base: z.ZodNumber,
  about: string,
  ...rest: [string, Range] | [Range & { fallback: number }]
): Setting<number | undefined> {
  const range = rest.length === 1 ? rest[0] : rest[1];
  const fallback = "fallback" in range ? range.fallback : undefined;
  return {
    about,
    otherwise: rest.length === 1 ? String(fallback) : rest[0],
    needs: `${kind} from ${range.min} to ${range.max}`,
    schema: z
      .string()
      .optional()
      .transform((value) => (value === undefined ? fallback : Number(value)))
      .pipe(base.min(range.min).max(range.max).optional()),
  };
}

/** So many times in so many seconds, or `off`. */
export function frequency(
  about: string,
  fallback: string,
): Setting<{ count: number; seconds: number } | undefined> {
  const schema = z
    .string()
    .optional()
    .transform((value = fallback) => (value === "off" ? "" : value))
    .pipe(z.string().regex(/^([1-9]\d{0,8}\/[1-9]\d{0,6})?$/))
    .transform((value) => {
      const [count, seconds] = value.split("/").map(Number);
      return count !== undefined && seconds !== undefined ? { count, seconds } : undefined;
    });
  const needs = "a number and seconds, such as 20/60 for 20 in a minute, or off";
  return { about: `${about}, as \`count/seconds\` or \`off\``, otherwise: fallback, needs, schema };
}

export function flag(about: string, fallback: boolean): Setting<boolean> {
  const { schema, ...rest } = maybeFlag(about, fallback ? "on" : "off");
  return { ...rest, schema: schema.transform((value) => value ?? fallback) };
}

/** One whose default depends on where it runs. */
export function maybeFlag(about: string, otherwise: string): Setting<boolean | undefined> {
  const schema = z.enum(["true", "false", "1", "0"]).optional();
  const isOn = (value?: string) => (value === undefined ? undefined : value === "true" || value === "1");
  return { about, otherwise, needs: "true or false", schema: schema.transform(isOn) };
}

export function oneOf<const T extends string>(values: readonly [T, ...T[]], about: string): Setting<T> {
  const [first] = values;
  const needs = `one of ${values.join(", ")}`;
  const schema = z
    .string()
    .optional()
    .transform((value) => value ?? first)
    .pipe(z.enum(values));
  return {
    about: `${about}: ${needs}`,
    otherwise: `\`${first}\``,
    needs,
    schema: schema as unknown as z.ZodType<T, string | undefined>,
  };
}

/** Names with commas between them. */
export function list(about: string, otherwise: string): Setting<string[]> {
  const schema = z.string().optional();
  const names = (value = "") =>
    value
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
  return { about, otherwise, needs: "names with commas between them", schema: schema.transform(names) };
}

/** Ranges of addresses, as `lib/http/addresses.ts` reads them. */
export function ranges(about: string, otherwise: string): Setting<string[]> {
  const { schema } = list(about, otherwise);
  const needs = "addresses or ranges such as 10.0.0.0/8, loopback or private, with commas between them";
  return { about, otherwise, needs, schema: schema.refine((all) => all.every(isRange)) };
}

export function json<T>(
  shape: z.ZodType<T>,
  needs: string,
  about: string,
  otherwise: string,
): Setting<T | undefined> {
  const schema = z
    .string()
    .optional()
    .transform((value, context) => {
      if (value === undefined) return undefined;
      try {
        const parsed = shape.safeParse(JSON.parse(value));
        if (parsed.success) return parsed.data;
      } catch {
        // Not JSON at all: refused below.
      }
      context.addIssue("wrong");
      return z.NEVER;
    });
  return { about, otherwise, needs, schema };
}
