import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkEnvironment, env, environmentProblems, readEnv, settingsTable } from "./env";

afterEach(() => vi.unstubAllEnvs());

describe("a setting", () => {
  it("has its default when it is not set, and when it is empty", () => {
    expect(readEnv({}).REQUEST_SWEEP_SECONDS).toBe(15);
    expect(readEnv({ REQUEST_SWEEP_SECONDS: " " }).REQUEST_SWEEP_SECONDS).toBe(15);
    expect(readEnv({ REQUEST_SWEEP_SECONDS: "0" }).REQUEST_SWEEP_SECONDS).toBe(0);
    expect(readEnv({ BETTER_AUTH_URL: "" }).BETTER_AUTH_URL).toBeUndefined();
    expect(readEnv({ OPENAI_MODEL: "a, b,," }).OPENAI_MODEL).toEqual(["a", "b"]);
    expect(readEnv({ REQUEST_MAIL: "1" }).REQUEST_MAIL).toBe(true);
  });

  it("is read when it is asked for, not before", () => {
    vi.stubEnv("ENGINE_MAX_WORKERS", "7");
    expect(env.ENGINE_MAX_WORKERS).toBe(7);
    vi.stubEnv("ENGINE_MAX_WORKERS", "8");
    expect(env.ENGINE_MAX_WORKERS).toBe(8);
  });

  it.each([
    [
      "ENGINE_MAX_WORKERS",
      "many",
      'ENGINE_MAX_WORKERS is "many", but it needs a whole number from 1 to 1000',
    ],
    ["ENGINE_MAX_WORKERS", "1.5", "a whole number"],
    ["ENGINE_MAX_WORKERS", "NaN", "a whole number"],
    ["ENGINE_MAX_WORKERS", "Infinity", "a whole number"],
    ["REQUEST_SWEEP_SECONDS", "-1", "a number from 0 to"],
    ["REQUEST_SWEEP_SECONDS", "15s", "a number from 0 to"],
    ["BETTER_AUTH_URL", "chat.example", "an address that begins with http:// or https://"],
    ["REQUEST_WEBHOOK_URL", "file:///etc/passwd", "an address that begins with http:// or https://"],
    ["REQUEST_MAIL", "yes please", "true or false"],
    ["ATTACHMENT_STORE", "a shoebox", "one of postgres, disk, s3"],
    ["MODEL_PRICES", "{", "a JSON list of prices"],
    ["MODEL_PRICES", '{"a":{"input":"free","output":1}}', "a JSON list of prices"],
  ])("%s=%s is refused by name, with what it needs", (name, value, sentence) => {
    expect(() => checkEnvironment({ [name]: value })).toThrow(sentence);
    expect(() => checkEnvironment({ [name]: value })).toThrow(name);
    expect(() => checkEnvironment({ [name]: value })).toThrow("correct it, or leave it out");
  });

  it("is not shown when it is a secret", () => {
    const [cron, database] = environmentProblems({
      CRON_SECRET: "hunter2",
      DATABASE_URL: "mysql://a:hunter2@b/c",
    }).toSorted();
    expect(cron).toContain("CRON_SECRET has 7 characters, but it needs 16 or more");
    expect(database).toContain("DATABASE_URL is not a PostgreSQL address");
    expect(`${cron}${database}`).not.toContain("hunter2");
  });

  it("names what another one needs beside it", () => {
    expect(
      environmentProblems({ ATTACHMENT_STORE: "s3", S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "b" }),
    ).toEqual([expect.stringContaining("S3_BUCKET_URL is not set")]);
    expect(environmentProblems({})).toEqual([]);
  });

  it("says how many more are wrong", () => {
    expect(() => checkEnvironment({ PORT: "a", ENGINE_PORT: "b", VERCEL: "1" })).toThrow(
      /^PORT is "a".*lists 1 more/,
    );
  });
});

describe("in production", () => {
  const problems = (source: Record<string, string>) =>
    environmentProblems({ NODE_ENV: "production", ...source });

  it.each([
    ["BETTER_AUTH_SECRET", "short"],
    ["BETTER_AUTH_SECRET", "a".repeat(64)],
    ["BETTER_AUTH_SECRET", "please change me before you go live 12345"],
    ["BETTER_AUTH_SECRET", "better-auth-secret-12345678901234567890"],
    ["TRIGGER_SECRET_KEY", "tr_prod_xxxxxxxxxxxxxxxxxxxxxxxx".slice(0, 19)],
    ["ENGINE_SECRET_KEY", "tr_dev_1"],
    ["APPROVAL_SECRET", "own"],
    ["REQUEST_WEBHOOK_SECRET", "secret"],
  ])("%s=%s is no secret", (name, value) => {
    expect(problems({ [name]: value })).toEqual([
      expect.stringMatching(`^${name} has ${value.length} characters`),
    ]);
    expect(problems({ [name]: value })[0]).not.toContain(value);
    expect(environmentProblems({ NODE_ENV: "development", [name]: value })).toEqual([]);
  });

  it("what the first start makes for itself is one", () => {
    expect(
      problems({
        TRIGGER_SECRET_KEY: `tr_dev_${randomBytes(12).toString("hex")}`,
        BETTER_AUTH_SECRET: randomBytes(32).toString("hex"),
      }),
    ).toEqual([]);
  });
});

it("the table on the settings page is this file's (npm run settings)", () => {
  const page = readFileSync(path.resolve(import.meta.dirname, "../app/docs/content/settings.mdx"), "utf8");
  const section = page.split("\n## All settings\n\n")[1]!.split("\n\n")[0]!;
  const rows = section
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(settingsTable());
});
