/**
 * Every setting that the environment can hold, for the app, the engine and the worker alike (so no `server-only`; the
 * browser never gets this file). Nothing is read at import: a pre-warmed worker gets its environment late, and a build
 * has none. An empty value, as a copied `.env` has it, counts as not set.
 *
 * To add a setting, add one line to `settings` and run `npm run settings`, which writes the README's table.
 */
import { z } from "zod";
import {
  cron,
  flag,
  frequency,
  integer,
  json,
  list,
  maybeFlag,
  number,
  oneOf,
  postgresUrl,
  ranges,
  secret,
  text,
  timeZone,
  url,
  type Setting,
} from "./setting-kinds";

/** A price list in US dollars per million tokens. */
const rate = z.number().min(0).max(100_000);
const priceList = z.record(z.string(), z.object({ input: rate, cachedInput: rate.optional(), output: rate }));

const settings = {
  // Where things are.
  PORT: integer("the port of the app", "3000, else the next free one", { min: 0, max: 65_535 }),
  DATABASE_URL: postgresUrl("the address of your PostgreSQL", "embedded PostgreSQL"),
  DATABASE_POOL_SIZE: integer("database connections per process", { fallback: 5, min: 1, max: 1_000 }),
  BETTER_AUTH_URL: url("the public address of the site, used for links in emails", "none"),

  TRUSTED_PROXY: ranges(
    "proxies whose `X-Forwarded-*` headers are trusted: addresses and ranges, separated by commas, or `loopback` or `private`",
    "none; on Vercel, its own proxy",
  ),

  // Who runs the agent.
  TRIGGER_SECRET_KEY: secret("the secret key of your Trigger.dev environment", "embedded engine", {
    realFrom: 20,
  }),
  TRIGGER_PROJECT_REF: text("your Trigger.dev project; set it together with the key", "none"),
  TRIGGER_API_URL: url(
    "the address of your own Trigger.dev server",
    "`https://api.trigger.dev`",
    "https://api.trigger.dev",
  ),
  TRIGGER_PREVIEW_BRANCH: text(
    "the branch of your preview environment; on Vercel, its Git branch is taken",
    "none",
  ),
  NEXT_PUBLIC_TRIGGER_API_URL: url(
    "the address of that server for browsers, if it differs",
    "`TRIGGER_API_URL`",
  ),
  ENGINE_PORT: integer("the port of the engine, on loopback", "4747, else the next free one", {
    min: 0,
    max: 65_535,
  }),
  ENGINE_HOST: text("the address that the engine listens on", "127.0.0.1", "127.0.0.1"),
  ENGINE_SECRET_KEY: secret(
    "the engine's key, which also signs its tokens",
    "created once, in `.data/engine/secret-key`",
    { realFrom: 20 },
  ),
  ENGINE_ALLOWED_HOSTS: list("additional host names that the engine answers to", "none"),
  ENGINE_ALLOWED_ORIGINS: list("additional origins whose pages may call the engine", "none"),
  ENGINE_MAX_WORKERS: integer("maximum number of worker processes", { fallback: 25, min: 1, max: 1_000 }),
  ENGINE_MAX_WORKERS_PER_PERSON: integer("maximum number of worker processes for one person's chats", {
    fallback: 6,
    min: 1,
    max: 1_000,
  }),
  ENGINE_PARK_LIMIT_SECONDS: number("how long a waiting run keeps its process", {
    fallback: 300,
    min: 0,
    max: 86_400,
  }),
  ENGINE_MODE: oneOf(
    ["embedded", "platform"],
    "the engine's mode; `platform` does only what Trigger.dev does, for tests",
  ),
  ENGINE_URL: url(),
  VERCEL: text(),

  CHAT_START: oneOf(
    ["preload", "head-start", "off"],
    "how a new chat's first answer comes sooner (docs page *Fast starts*)",
  ),

  // Who may come in.
  BETTER_AUTH_SECRET: secret("signs the sign-in cookies", "derived from the engine's key", { realFrom: 32 }),
  APPROVAL_SECRET: secret(
    "signs proposed tool calls; set it to the old `TRIGGER_SECRET_KEY` when you change that key",
    "`TRIGGER_SECRET_KEY`",
    { realFrom: 16 },
  ),
  CRON_SECRET: secret("the bearer token for a cron job that calls `/requests/sweep`", "none", {
    min: 16,
    realFrom: 16,
  }),

  HOOKS_SECRET: secret(
    "derives the secrets with which services sign their events; a new one replaces all of them",
    "`BETTER_AUTH_SECRET`, else `TRIGGER_SECRET_KEY`",
    { realFrom: 32 },
  ),
  INSPECT: flag("`true`: in production, people can inspect their own sessions at `/inspect`", false),
  CRASH_BUTTON: maybeFlag("`true`: `/inspect` has a button that kills a worker", "on in development"),
  // How much of it one person gets.
  LIMIT_CHAT_STARTS: frequency("new chats per person", "20/60"),
  LIMIT_MESSAGES: frequency("messages per person", "60/60"),
  LIMIT_PARALLEL_ANSWERS: integer("maximum number of running answers per person", {
    fallback: 10,
    min: 1,
    max: 1_000,
  }),
  LIMIT_UPLOADS: frequency("uploads per person", "60/60"),
  LIMIT_COPIES: frequency("duplicated chats per person", "10/60"),
  LIMIT_GUESTS: frequency("new guests per address", "30/3600"),
  LIMIT_STREAMS: integer("maximum number of open streams per person", { fallback: 40, min: 1, max: 100_000 }),
  LIMIT_STREAM_STARTS: frequency("opened streams per chat", "120/60"),
  LIMIT_VIEWS: frequency("page views by new visitors per address", "300/60"),
  SUB_AGENT_SECONDS: integer("how long a sub-agent may work on one task", {
    fallback: 600,
    min: 1,
    max: 86_400,
  }),
  BUDGET_TOKENS_PER_GUEST: integer("tokens per guest and day", {
    fallback: 500_000,
    min: 0,
    max: 1e15,
  }),
  BUDGET_TOKENS_PER_PERSON: integer("tokens per account and day", {
    fallback: 5_000_000,
    min: 0,
    max: 1e15,
  }),
  BUDGET_TOKENS_PER_SITE: integer("tokens per day for all people together", {
    fallback: 100_000_000,
    min: 0,
    max: 1e15,
  }),
  BUDGET_DOLLARS_PER_GUEST: number("US dollars per guest and day", {
    fallback: 1,
    min: 0,
    max: 1e9,
  }),
  BUDGET_DOLLARS_PER_PERSON: number("US dollars per account and day", {
    fallback: 10,
    min: 0,
    max: 1e9,
  }),
  BUDGET_DOLLARS_PER_SITE: number("US dollars per day for all people together", {
    fallback: 100,
    min: 0,
    max: 1e9,
  }),

  // Who answers.
  AI_GATEWAY_API_KEY: secret("your key for the Vercel AI Gateway", "none"),
  AI_GATEWAY_MODEL: list("the models to offer, separated by commas", "anthropic/claude-sonnet-5.5"),
  ANTHROPIC_API_KEY: secret("your key for Anthropic's models", "none"),
  ANTHROPIC_MODEL: list("the models to offer, separated by commas", "claude-sonnet-5-5"),
  ANTHROPIC_BASE_URL: url("another address for Anthropic's API", "`https://api.anthropic.com/v1`"),
  OPENAI_API_KEY: secret("your key for OpenAI's models, or for the server at `OPENAI_BASE_URL`", "none"),
  OPENAI_MODEL: list(
    "the models to offer, separated by commas",
    "gpt-5.6, or the first that the server lists",
  ),
  OPENAI_BASE_URL: url(
    "the address of an OpenAI-compatible server, for example `http://localhost:11434/v1`",
    "none",
  ),
  MODEL_PRICES: json(
    priceList,
    "a JSON list of prices by model",
    'prices in US dollars per million tokens: `{"name":{"input":1,"cachedInput":0.1,"output":5}}`',
    "`lib/chat/prices.ts`",
  ),
  DEMO_MODEL_PACE_MS: number("milliseconds between two words of the demo model", {
    fallback: 18,
    min: 0,
    max: 60_000,
  }),

  // Where code runs.
  E2B_API_KEY: secret(
    "your key for E2B, whose sandboxes also run Python",
    "embedded sandbox, JavaScript only",
  ),

  // Telling people elsewhere.
  RESEND_API_KEY: secret(
    "your key for Resend; together with `MAIL_FROM` and `BETTER_AUTH_URL`, people can sign in by an emailed link",
    "none",
  ),
  MAIL_FROM: text("the sender of emails, for example `Holdfast <chat@example.com>`", "none"),
  RESEND_BASE_URL: url(
    "the address of another email service with the same API",
    "`https://api.resend.com`",
    "https://api.resend.com",
  ),
  REQUEST_WEBHOOK_URL: url("the address that receives every new request as JSON", "none"),
  REQUEST_WEBHOOK_SECRET: secret(
    "signs the webhook (`Holdfast-Signature`); nothing is posted without it",
    "none",
    { realFrom: 16 },
  ),
  REQUEST_MAIL: flag(
    "`true`: new requests are emailed to the owner of the chat, unless the owner is a guest",
    false,
  ),
  DIGEST_CRON: cron(
    "when people are told what waits for their decision, for example `0 7 * * 1-5`; by email and by the webhook, whichever is set up",
    "never",
  ),
  DIGEST_TIME_ZONE: timeZone("the time zone of `DIGEST_CRON`, for example `Europe/Oslo`", "UTC"),
  REQUEST_SWEEP_SECONDS: number(
    "how often the server delivers decisions, expires requests and removes deleted data; 0 is never",
    { fallback: 15, min: 0, max: 86_400 },
  ),

  // Files.
  ATTACHMENT_STORE: oneOf(["postgres", "disk", "s3"], "where files are stored"),
  ATTACHMENT_DIR: text("the folder for `disk`", "`.data/attachments`"),
  S3_BUCKET_URL: url("the address of the bucket for `s3`", "none"),
  S3_ACCESS_KEY_ID: secret("the key for the bucket", "none"),
  S3_SECRET_ACCESS_KEY: secret("the secret for the bucket", "none"),
  S3_REGION: text("the region of the bucket", "auto", "auto"),
};

const settingNames = Object.keys(settings) as SettingName[];

type Settings = typeof settings;

export type SettingName = keyof Settings;

export type Env = { readonly [Name in SettingName]: z.output<Settings[Name]["schema"]> };

/** What the environment says now, value by value. A value that cannot be used throws an `EnvironmentError`. */
export const env: Env = readEnv();

/** Its message is one sentence that names the variable, what it has and what it needs. */
class EnvironmentError extends Error {
  override name = "EnvironmentError";
}

/** The settings of another environment than this process's. */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const target = {};
  for (const name of settingNames) {
    let known: { raw: string | undefined; value: unknown } | undefined;
    const get = () => {
      const raw = source[name];
      if (!known || known.raw !== raw) known = { raw, value: valueOf(name, raw) };
      return known.value;
    };
    Object.defineProperty(target, name, { get, enumerable: true });
  }
  return target as Env;
}

/** Every sentence about an environment that cannot be used. In production a secret must be one. */
export function environmentProblems(
  source: Record<string, string | undefined> = process.env,
  isProduction = source.NODE_ENV === "production",
): string[] {
  const problems = settingNames.flatMap((name) => {
    try {
      valueOf(name, source[name]);
      return isProduction ? unrealSecret(name, source[name]) : [];
    } catch (error) {
      return [(error as EnvironmentError).message];
    }
  });
  return problems.length > 0 ? problems : missingBesides(readEnv(source));
}

/** Throws when a setting cannot be used, before anything is started on top of it. */
export function checkEnvironment(
  source: Record<string, string | undefined> = process.env,
  isProduction?: boolean,
): void {
  const [first, ...more] = environmentProblems(source, isProduction);
  if (first === undefined) return;
  throw new EnvironmentError(
    more.length === 0 ? first : `${first} (npm run doctor lists ${more.length} more.)`,
  );
}

/** The README's table. */
export function settingsTable(): string[][] {
  return settingNames.flatMap((name) => {
    const { about, otherwise } = settings[name];
    return about === undefined ? [] : [[`\`${name}\``, otherwise, about]];
  });
}

function valueOf(name: SettingName, raw: string | undefined): unknown {
  const { schema, needs, has }: Setting<unknown> = settings[name];
  const result = schema.safeParse(raw?.trim() === "" ? undefined : raw);
  if (result.success) return result.data;
  const found = has && raw ? has(raw) : `is ${JSON.stringify(raw)}`;
  throw new EnvironmentError(`${name} ${found}, but it needs ${needs}: correct it, or leave it out.`);
}

/** A short text or a placeholder can be guessed, and whoever guesses it can sign in as anybody. */
function unrealSecret(name: SettingName, value: string | undefined): string[] {
  const { realFrom }: Setting<unknown> = settings[name];
  if (!realFrom || !value?.trim()) return [];
  if (value.length >= realFrom && new Set(value).size >= 8 && !/change.?me|better-auth-secret/i.test(value))
    return [];
  const needs = `needs a random text of ${realFrom} characters or more in production`;
  return [
    `${name} has ${value.length} characters that can be guessed, but it ${needs}: openssl rand -hex 32 makes one.`,
  ];
}

function missingBesides({ ATTACHMENT_STORE: store, ...rest }: Env): string[] {
  if (store !== "s3") return [];
  return (["S3_BUCKET_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const)
    .filter((name) => rest[name] === undefined)
    .map((name) => `${name} is not set, but ATTACHMENT_STORE=s3 needs it: set it, or use postgres or disk.`);
}
