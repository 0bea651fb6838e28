/** The SDK takes its settings from `configure()`, else from the environment. What we ask ourselves goes the same way. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { configure, sessions } from "@trigger.dev/sdk";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { readInput } from "./chat/revive/session-records";

let server: Server;
let url: string;
const seen: { authorization: string | undefined; branch: string | string[] | undefined }[] = [];

beforeAll(async () => {
  server = createServer(({ headers }, response) => {
    seen.push({ authorization: headers.authorization, branch: headers["x-trigger-branch"] });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ records: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  seen.length = 0;
  vi.unstubAllEnvs();
});

async function askBoth() {
  await readInput("a-chat", null);
  await sessions.retrieve("a-chat").catch(() => {}); // This server knows no session.
}

it("is asked with the key, the address and the branch of the environment", async () => {
  vi.stubEnv("TRIGGER_API_URL", url);
  vi.stubEnv("TRIGGER_SECRET_KEY", "tr_preview_0123456789abcdef");
  vi.stubEnv("TRIGGER_PREVIEW_BRANCH", "a-branch");
  await askBoth();
  const expected = { authorization: "Bearer tr_preview_0123456789abcdef", branch: "a-branch" };
  expect(seen).toEqual([expected, expected]);
});

it("is asked with what configure() was given, whatever the environment says", async () => {
  vi.stubEnv("TRIGGER_API_URL", "http://127.0.0.1:1");
  vi.stubEnv("TRIGGER_SECRET_KEY", "tr_dev_0123456789abcdef");
  configure({ baseURL: url, accessToken: "tr_preview_fedcba9876543210", previewBranch: "another" });
  await askBoth();
  const expected = { authorization: "Bearer tr_preview_fedcba9876543210", branch: "another" };
  expect(seen).toEqual([expected, expected]);
});
