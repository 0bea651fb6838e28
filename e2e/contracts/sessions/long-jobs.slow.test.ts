/** Long jobs with the real task in real workers, in both modes of the engine: their progress, their end, and a death. */
import { auth, sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobProgress } from "@/lib/agent/progress";
import { progress } from "@/lib/agent/progress-channel";
import { findJob, restartDeadJobs, startJob } from "@/lib/chat/long-jobs/long-jobs";
import { createChat } from "@/lib/chat/tree/queries";
import { type EnginePlace, startEnginePlace } from "../../support/engine-place";
import { newChatId } from "../../support/page";

const startSession = chatSdk.createStartSessionAction("chat");
const soon = { timeout: 60_000, interval: 50 };

describe.each(["embedded", "platform"])("on an engine in %s mode, a long job", (mode) => {
  let place: EnginePlace | undefined;
  let chatId: string;
  let id: string;

  beforeAll(async () => {
    place = await startEnginePlace({ env: { ENGINE_MODE: mode } });
  });
  afterAll(() => place?.close());
  beforeEach(async () => {
    chatId = newChatId();
    id = `job_${chatId}`;
    await createChat(place!.db, { id: chatId, userId: "owner" });
    await startSession({ chatId });
  });

  const start = (total: number) => startJob(place!.db, { id, chatId, name: "Report", total });
  const job = () => findJob(place!.db, { id, chatId });
  /** As the sweep will, once the job has been silent for a while. */
  const sweep = () => restartDeadJobs(place!.db, new Date(Date.now() + 60_000));
  const untilState = (state: string) =>
    vi.waitFor(async () => expect(await job()).toMatchObject({ state }), soon);
  const untilStep = (done: number) =>
    vi.waitFor(async () => expect((await job())!.done).toBeGreaterThanOrEqual(done), soon);

  /** What a page gets that opens the channel now, up to the record that ends the job. */
  async function readProgress(): Promise<JobProgress[]> {
    const seen: JobProgress[] = [];
    const stream = await sessions
      .open(chatId)
      .channel(progress)
      .out.read({ signal: AbortSignal.timeout(60_000) });
    for await (const record of stream) {
      seen.push(record);
      if (record.state !== "running") return seen;
    }
    return seen;
  }

  it("shows every step to a page that watches, and to one that comes later", async () => {
    await Promise.all([start(4), start(4)]);
    const steps = [0, 1, 2, 3, 4].map((done) => ({
      jobId: id,
      state: done < 4 ? "running" : "done",
      done,
      total: 4,
    }));
    expect(await readProgress()).toEqual(steps);
    expect(await readProgress()).toEqual(steps);
    expect(await job()).toEqual(steps.at(-1));
  });

  it("continues after the last saved step when its worker dies, and is left alone while it lives", async () => {
    await start(8);
    await untilStep(3);
    await sweep();
    expect(await place!.db.longJob.findUnique({ where: { id } })).toMatchObject({ starts: 0 });
    expect(place!.engine.killWorkers()).toBeGreaterThan(0);
    await vi.waitFor(async () => {
      await sweep();
      expect(await place!.db.longJob.findUnique({ where: { id } })).toMatchObject({ starts: 1 });
    }, soon);
    const seen = await readProgress();
    expect(seen.at(-1)).toEqual({ jobId: id, state: "done", done: 8, total: 8 });
    const counts = seen.map(({ done }) => done);
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    // Each step once; only the takeover says where it stands again.
    expect([...new Set(counts)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("continues when the engine is killed", async () => {
    await start(6);
    await untilStep(2);
    await place!.engine.restart();
    await vi.waitFor(async () => {
      await sweep();
      expect(await job()).toEqual({ jobId: id, state: "done", done: 6, total: 6 });
    }, soon);
  });

  it("is canceled through the channel, also while no run is alive", async () => {
    await start(600);
    await untilStep(1);
    place!.engine.killWorkers();
    const scope = `${chatId}:channels:progress`;
    const token = await auth.createPublicToken({ scopes: { write: { sessions: scope } } });
    const url = `${place!.engine.url}/realtime/v1/sessions/${chatId}`;
    const post = (path: string) =>
      fetch(`${url}/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ jobId: id, cancel: true }),
      });
    expect((await post("channels/progress/in/append")).status).toBe(200);
    // Nothing else of the chat is reached with it.
    expect((await post("in/append")).status).toBe(403);
    expect((await post("channels/notes/in/append")).status).toBe(403);
    await vi.waitFor(async () => {
      await sweep();
      expect(await job()).toMatchObject({ state: "canceled" });
    }, soon);
    const { done } = (await job())!;
    expect((await readProgress()).at(-1)).toEqual({ jobId: id, state: "canceled", done, total: 600 });
  });

  it("ends with its chat, and isn't another chat's", async () => {
    await start(600);
    await untilStep(1);
    expect(await findJob(place!.db, { id, chatId: "another" })).toBeUndefined();
    await place!.db.chat.update({ where: { id: chatId }, data: { deletedAt: new Date() } });
    const { runId } = (await place!.db.longJob.findUnique({ where: { id } }))!;
    await vi.waitFor(async () => {
      const run = await fetch(`${place!.engine.url}/api/v3/runs/${runId}`, {
        headers: { authorization: `Bearer ${place!.engine.secretKey}` },
      });
      expect(await run.json()).toMatchObject({ status: "COMPLETED" });
    }, soon);
    await untilState("running");
  });

  it("fails after too many dead runs, and says so to the page", async () => {
    await start(600);
    await untilStep(1);
    await place!.db.longJob.update({ where: { id }, data: { starts: 5 } });
    place!.engine.killWorkers();
    await vi.waitFor(async () => {
      await sweep();
      expect(await job()).toMatchObject({ state: "failed" });
    }, soon);
    expect((await readProgress()).at(-1)).toMatchObject({ state: "failed" });
  });
});
