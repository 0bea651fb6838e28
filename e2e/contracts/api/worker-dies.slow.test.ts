/** A worker dies while a caller reads the answer: what the caller has in the end is complete, and nothing came twice. */
import { describe, expect, it, vi } from "vitest";
import type { Mode } from "@/lib/engine/mode";
import { counted, lines, savedTranscript } from "../../support/page";
import { apiOnEngine, readStream } from "../../support/api/caller";

vi.mock("server-only", () => ({}));

const QUESTION = "count to 60 at 50 ms";

/** `platform`: like Trigger.dev, the engine continues nothing by itself. */
describe.each<Mode>(["embedded", "platform"])("on an engine in %s mode", (mode) => {
  const api = apiOnEngine(mode);

  /** Resolves when the chat's answer is being written. */
  async function untilWriting(id: string): Promise<void> {
    await expect.poll(() => api.engine.workerOf(id), { timeout: 60_000 }).toBeTruthy();
    await expect
      .poll(async () => (await api.db.chat.findUniqueOrThrow({ where: { id } })).status, { timeout: 60_000 })
      .toBe("running");
  }

  const expectOneAnswer = async (id: string) =>
    expect(lines(await savedTranscript(api.db, id, 60_000))).toEqual([
      ["user", QUESTION],
      ["assistant", counted(60)],
    ]);

  it("the events of the answer are complete", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: QUESTION },
      headers: { accept: "text/event-stream" },
    });
    let deltas = 0;
    const read = await readStream(response, ({ data }) => {
      if (data === "[DONE]" || data["type"] !== "text-delta" || ++deltas !== 10) return;
      expect(api.engine.killWorkers()).toBeGreaterThan(0);
    });
    expect(read.text.trim()).toBe(counted(60));
    expect(read.starts).toBe(2);
    expect(read).toMatchObject({ isDone: true, result: { status: "completed", text: counted(60) } });
    await expectOneAnswer(id);
  });

  it("the result is complete", async () => {
    const id = await api.newChat();
    const answer = api.send(id, QUESTION, { query: { wait: "80" } });
    await untilWriting(id);
    expect(api.engine.killWorkers()).toBeGreaterThan(0);
    expect(await answer).toMatchObject({ status: "completed", text: counted(60) });
    await expectOneAnswer(id);
  });

  it("the words come once, in one piece", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: QUESTION },
      headers: { accept: "text/plain" },
    });
    let text = "";
    let hasDied = false;
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (hasDied || !/\b10\b/.test(text)) continue;
      hasDied = true;
      expect(api.engine.killWorkers()).toBeGreaterThan(0);
    }
    expect(hasDied).toBe(true);
    expect(text.trim()).toBe(counted(60));
    await expectOneAnswer(id);
  });

  it("a caller that comes back with its cursor has the same answer", async () => {
    const id = await api.newChat();
    const response = await api.call("sendMessage", {
      params: { id },
      body: { text: QUESTION },
      headers: { accept: "text/event-stream" },
    });
    let seen = 0;
    let cursor = "";
    await readStream(response, (event) => {
      cursor = event.id ?? cursor;
      if (++seen !== 12) return;
      api.engine.killWorkers();
      throw new Error("The caller's connection broke, too.");
    }).catch(() => {});
    const rest = await readStream(
      await api.call("followChat", { params: { id }, query: { after: cursor, as: "stream" } }),
    );
    // The new worker's answer begins again, so the rest is all of it.
    expect(rest.starts).toBe(1);
    expect(rest.text.trim()).toBe(counted(60));
    await expectOneAnswer(id);
  });
});
