/** Importing the agent does nothing: `trigger deploy` does that to learn of its tasks, without a database. */
// First: it installs the catalog that `chat.agent` registers with.
import "@trigger.dev/sdk/ai/test";
import { afterAll, expect, it, vi } from "vitest";
import { warmUp } from "@/lib/chat/tree/storage";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { db } from "@/lib/db/client";

vi.mock("@/lib/chat/tree/storage", { spy: true });

const shared = testDatabase();
afterAll(async () => {
  vi.unstubAllEnvs();
  await db.$disconnect();
});

it("rehearses nothing before a worker is told that it is spare, and then once", async () => {
  vi.stubEnv("DATABASE_URL", shared.url);
  await import("./chat");
  expect(warmUp).not.toHaveBeenCalled();
  const { whenSpare } = await import("./agent/prewarm");
  await Promise.all([whenSpare(), whenSpare()]);
  expect(warmUp).toHaveBeenCalledTimes(1);
});
