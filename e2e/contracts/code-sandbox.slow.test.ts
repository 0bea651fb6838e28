/**
 * Code that an answer runs, in real workers, on an engine that continues what died and on one that does as little about
 * it as Trigger.dev: state between calls, code that does too much, a stop, and a worker that dies while code runs.
 */
import { sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { isToolUIPart } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCall } from "@/lib/agent/approval-policy";
import type { CodeRunOutput } from "@/lib/agent/code-run";
import { messageText } from "@/lib/chat/message";
import { revive } from "@/lib/chat/revive/revive";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { counted, newChatId, openPage, type Site } from "../support/page";

const userId = "owner";
const startSession = chatSdk.createStartSessionAction("chat");

describe.each(["embedded", "platform"])("engine mode %s", { timeout: 120_000 }, (mode) => {
  let place: EnginePlace;

  beforeAll(async () => {
    place = await startEnginePlace({ env: { ENGINE_MODE: mode } });
  });

  afterAll(() => place?.close());

  const site = (): Site => ({ db: place.db, userId, engineUrl: place.engine.url });

  /** Sends a prompt; resolves when `isReached` says so of the streamed chunks. The rest of the stream is read along. */
  async function ask(chatId: string, text: string, isReached: (type: string) => boolean) {
    const reader = (await openPage(site(), chatId).ask(text)).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The answer was over too early.");
      if (isReached(value.type)) break;
    }
    void (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {});
  }

  async function settled(chatId: string, answers: number): Promise<Transcript> {
    for (const deadline = Date.now() + 80_000; Date.now() < deadline;) {
      await revive(place.db, chatId, { startSession, describe: describeCall });
      const transcript = await loadTranscript(place.db, chatId);
      const isDone =
        transcript?.status === "idle" &&
        transcript.messages.filter(({ role }) => role === "assistant").length === answers;
      if (isDone) return transcript;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`Chat ${chatId} isn't answered.`);
  }

  const runsOf = ({ messages }: Transcript) =>
    messages
      .at(-1)!
      .parts.filter(isToolUIPart)
      .map((part) => part.output as CodeRunOutput | undefined);

  const program = (code: string) => `Run this code:\n\`\`\`js\n${code}\n\`\`\``;

  it("computes, and keeps what the first call defined for the second", async () => {
    const chatId = newChatId();
    await ask(chatId, "Run code that compares 3 % and 7 % interest", (type) => type === "start");
    const transcript = await settled(chatId, 1);
    const [table, chart] = runsOf(transcript);
    expect(table).toMatchObject({
      state: "done",
      output: "At 7 % the money has doubled after 11 years.\n",
      table: { columns: ["year", "slow", "fast"], totalRows: 21 },
    });
    expect(chart?.chart?.series.map(({ y }) => y.at(-1))).toEqual([1_806, 3_870]);
    expect(messageText(transcript.messages.at(-1)!)).toContain("3,870 EUR");
  });

  it("stops code that does too much, goes on in the same worker, and another chat streams on meanwhile", async () => {
    const [chatId, other] = [newChatId(), newChatId()];
    const counting = ask(other, "count to 200 at 20 ms", (type) => type === "text-end");
    await ask(
      chatId,
      program("const all = []; for (;;) all.push({ a: 1, b: {} })"),
      (type) => type === "start",
    );
    const pid = await place.engine.workerOf(chatId);
    const transcript = await settled(chatId, 1);
    expect(runsOf(transcript)[0]).toMatchObject({ state: "failed", error: { kind: "memory" } });
    expect(messageText(transcript.messages.at(-1)!)).toContain("64 MB");
    await counting;
    expect(messageText((await settled(other, 1)).messages.at(-1)!)).toBe(counted(200));

    await ask(chatId, program("6 * 7"), (type) => type === "start");
    expect(runsOf(await settled(chatId, 2))[0]).toMatchObject({ state: "done", value: "42" });
    expect(await place.engine.workerOf(chatId)).toBe(pid);
  });

  it("ends the code when the answer is stopped, and the chat goes on", async () => {
    const chatId = newChatId();
    await ask(chatId, program("for (;;) {}"), (type) => type === "tool-input-available");
    await sessions.open(chatId).in.send({ kind: "stop" });
    const stopped = Date.now();
    await settled(chatId, 1);
    // The code itself would have run for 10 seconds.
    expect(Date.now() - stopped).toBeLessThan(9_000);
    await ask(chatId, program("6 * 7"), (type) => type === "start");
    expect(runsOf(await settled(chatId, 2))[0]).toMatchObject({ state: "done", value: "42" });
  });

  it("runs the code again when its worker died while it ran", async () => {
    const chatId = newChatId();
    const code = "await new Promise((done) => setTimeout(done, 2500)); 'survived'";
    await ask(chatId, program(code), (type) => type === "tool-input-available");
    const pid = await place.engine.workerOf(chatId);
    process.kill(pid!, "SIGKILL");
    const transcript = await settled(chatId, 1);
    expect(runsOf(transcript)).toEqual([expect.objectContaining({ state: "done", value: "survived" })]);
    expect(messageText(transcript.messages.at(-1)!)).toContain("survived");
    expect(transcript.messages).toHaveLength(2);
  });
});
