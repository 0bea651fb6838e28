import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, eventually, secretKeyHeader } from "@/e2e/support/engine-client";
import { createAuth } from "./auth";

let test: TestEngine;
const { createChat } = engineClient(() => test);
const auth = createAuth(TEST_SECRET_KEY);

beforeAll(async () => {
  test = await startTestEngine({ maxStreamsPerKey: 2 });
});
afterAll(() => test.close());

/** Follows a chat as a browser does, from an address. */
async function follow(name: string, address: string, authorization?: string) {
  const token = await auth.mintToken([`read:sessions:${name}`], "1h");
  const abort = new AbortController();
  const response = await fetch(`${test.url}/realtime/v1/sessions/${name}/out`, {
    headers: {
      authorization: authorization ?? `Bearer ${token}`,
      accept: "text/event-stream",
      "x-forwarded-for": `${address}, 127.0.0.1`,
    },
    signal: abort.signal,
  });
  return { response, close: () => abort.abort() };
}

it("a person has so many streams at once, over all chats and addresses, and gets one back for each that ends", async () => {
  for (const name of ["s1", "s2", "s3"]) await createChat(name, { concurrencyKey: "sam" });
  const first = await follow("s1", "203.0.113.1");
  const second = await follow("s2", "203.0.113.2");
  expect([first.response.status, second.response.status]).toEqual([200, 200]);
  const { response } = await follow("s3", "203.0.113.3");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("10");
  expect(await response.json()).toMatchObject({ error: expect.stringContaining("try again in 10 seconds") });
  // Other people and the worker of the same chat are still let in.
  await createChat("t1", { concurrencyKey: "tom" });
  const other = await follow("t1", "203.0.113.3");
  expect(other.response.status).toBe(200);
  const worker = await follow("s3", "203.0.113.3", secretKeyHeader.authorization);
  expect(worker.response.status).toBe(200);
  first.close();
  const next = await vi.waitFor(async () => {
    const again = await follow("s3", "203.0.113.3");
    expect(again.response.status).toBe(200);
    return again;
  }, eventually);
  for (const each of [second, other, worker, next]) each.close();
});

it("an address has so many at once, whoever they are, and a thousand tries cost the others nothing", async () => {
  const people = Array.from({ length: 12 }, (_, index) => `crowd-${index}`);
  for (const name of people) await createChat(name, { concurrencyKey: name });
  const crowd = await Promise.all(people.map((name) => follow(name, "198.51.100.1")));
  expect(crowd.filter(({ response }) => response.status === 200)).toHaveLength(10);
  const tries = await Promise.all(Array.from({ length: 100 }, () => follow(people[0]!, "198.51.100.1")));
  expect(tries.every(({ response }) => response.status === 429)).toBe(true);
  const other = await follow(people.at(-1)!, "198.51.100.2");
  expect(other.response.status).toBe(200);
  for (const each of [...crowd, ...tries, other]) each.close();
});
