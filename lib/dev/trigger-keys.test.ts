/** Each mistake with a key of Trigger.dev gets a sentence of its own. A small server stands in for Trigger.dev. */
import { mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkTriggerKeys } from "./trigger-keys";

const PRODUCTION = "tr_prod_0123456789abcdef";
const PREVIEW = "tr_preview_0123456789abcdef";

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let dataDir: string;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "holdfast-keys-"));
  answer = json(200, { data: [] });
});

function json(status: number, body: object) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(body));
  };
}

type Given = Record<string, string | undefined>;

async function findings(env: Given) {
  const project = { TRIGGER_PROJECT_REF: "proj_abc", TRIGGER_API_URL: url };
  const all = { ...(env["TRIGGER_SECRET_KEY"] && project), ...env };
  return checkTriggerKeys(all as NodeJS.ProcessEnv, dataDir);
}

const texts = async (env: Given, verdict: string) =>
  (await findings(env)).filter((finding) => finding.verdict === verdict).map(({ text }) => text);

describe("the doctor", () => {
  it("names the environment of a key", async () => {
    const names = { dev: "development", stg: "staging", preview: "preview", prod: "production" };
    for (const [kind, name] of Object.entries(names)) {
      const env = { TRIGGER_SECRET_KEY: `tr_${kind}_0123456789abcdef`, TRIGGER_PREVIEW_BRANCH: "b" };
      expect((await texts(env, "ok"))[0]).toContain(`for the ${name} environment`);
      expect(await texts(env, "fix")).toEqual([]);
    }
    expect(await texts({}, "ok")).toEqual(["TRIGGER_SECRET_KEY is not set, so the embedded engine is used"]);
  });

  it.each([
    ["a public key", { TRIGGER_SECRET_KEY: "pk_dev_1" }, "is a public key"],
    ["a personal access token", { TRIGGER_SECRET_KEY: "tr_pat_1" }, "is a personal access token"],
    ["another text", { TRIGGER_SECRET_KEY: "sk-ant-1" }, "should look like tr_dev_…"],
    ["a space", { TRIGGER_SECRET_KEY: `${PRODUCTION} ` }, "without spaces"],
    ["no project", { TRIGGER_SECRET_KEY: PRODUCTION, TRIGGER_PROJECT_REF: "" }, "needs TRIGGER_PROJECT_REF"],
    ["no branch", { TRIGGER_SECRET_KEY: PREVIEW }, "Set TRIGGER_PREVIEW_BRANCH"],
    [
      "no server",
      { TRIGGER_SECRET_KEY: PRODUCTION, TRIGGER_API_URL: "http://127.0.0.1:1" },
      "Nothing answers at TRIGGER_API_URL (http://127.0.0.1:1)",
    ],
  ])("finds %s", async (_name, env, sentence) => {
    expect(await texts(env, "fix")).toEqual([expect.stringContaining(sentence)]);
  });

  it("takes the branch that Vercel names, and asks for it", async () => {
    let asked: unknown;
    answer = (request, response) => {
      asked = request.headers["x-trigger-branch"];
      json(200, { data: [] })(request, response);
    };
    const env = { TRIGGER_SECRET_KEY: PREVIEW, VERCEL_GIT_COMMIT_REF: "a-branch" };
    expect(await texts(env, "fix")).toEqual([]);
    expect(asked).toBe("a-branch");
    answer = json(404, { error: "Branch not found" });
    expect(await texts(env, "fix")).toEqual([expect.stringContaining("has no preview branch a-branch")]);
  });

  it("says what has no effect", async () => {
    expect(await texts({ TRIGGER_SECRET_KEY: PRODUCTION, TRIGGER_PREVIEW_BRANCH: "b" }, "note")).toEqual([
      expect.stringContaining("no effect with a key of the production environment"),
    ]);
    expect(await texts({ TRIGGER_API_URL: url, TRIGGER_PREVIEW_BRANCH: "b" }, "note")).toHaveLength(2);
  });

  it("tells a key that the server doesn't know from an address that is not the API's", async () => {
    const env = { TRIGGER_SECRET_KEY: PRODUCTION };
    answer = json(401, { error: "Invalid API key" });
    expect(await texts(env, "fix")).toEqual([expect.stringContaining("doesn't know the key")]);
    answer = (_request, response) => response.writeHead(302, { location: "/login" }).end();
    expect(await texts(env, "fix")).toEqual([expect.stringContaining("isn't the Trigger.dev API")]);
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<h1>Chat</h1>");
    };
    expect(await texts(env, "fix")).toEqual([expect.stringContaining("isn't the Trigger.dev API")]);
    answer = json(503, {});
    expect(await texts(env, "fix")).toEqual([]);
  });

  it("tells an embedded engine from Trigger.dev", async () => {
    answer = (request, response) =>
      request.url === "/healthz"
        ? json(200, { ok: true, uptimeSeconds: 1 })(request, response)
        : json(401, { error: "Unauthorized" })(request, response);
    expect(await texts({ TRIGGER_SECRET_KEY: PRODUCTION }, "fix")).toEqual([
      expect.stringContaining("is an embedded engine, and the key is for another one"),
    ]);
    const own = "tr_dev_abcdefghijklmnop";
    mkdirSync(path.join(dataDir, "engine"));
    writeFileSync(path.join(dataDir, "engine/secret-key"), `${own}\n`, { mode: 0o600 });
    expect(await texts({ TRIGGER_SECRET_KEY: own }, "fix")).toEqual([
      expect.stringContaining("is the key of the embedded engine"),
    ]);
  });
});
