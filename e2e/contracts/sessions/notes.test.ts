/** The custom agent of trigger/notes.ts in real workers, in both modes of the engine: its list, its stop, its deaths. */
import { sessions } from "@trigger.dev/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readNotes } from "@/lib/agent/notes";
import { type EnginePlace, startEnginePlace } from "../../support/engine-place";

const soon = { timeout: 60_000, interval: 50 };

type Chunk = { type: string; delta?: string; data?: unknown };

describe.each(["embedded", "platform"])("on an engine in %s mode, the notes agent", (mode) => {
  let place: EnginePlace | undefined;
  let id: string;
  let sent = 0;

  beforeAll(async () => {
    place = await startEnginePlace({ env: { ENGINE_MODE: mode } });
  });
  afterAll(() => place?.close());
  beforeEach(async () => {
    id = `notes-${crypto.randomUUID()}`;
    await open();
  });

  /** As the page does when it opens, and when a reply takes long. */
  const open = () =>
    sessions.start({
      type: "chat.agent",
      externalId: id,
      taskIdentifier: "notes",
      triggerConfig: { basePayload: { chatId: id, messages: [], trigger: "preload" } },
    });
  const say = (text: string) =>
    sessions.open(id).in.send({
      kind: "message",
      payload: {
        chatId: id,
        trigger: "submit-message",
        message: { id: `m${(sent += 1)}`, role: "user", parts: [{ type: "text", text }] },
      },
    });
  const list = async () => readNotes((await sessions.retrieve(id)).metadata).notes.map(({ text }) => text);
  const untilList = (texts: string[]) => vi.waitFor(async () => expect(await list()).toEqual(texts), soon);

  /** The replies on the stream, in the order of their turns. */
  async function replies(): Promise<Chunk[][]> {
    const url = `${place!.engine.url}/realtime/v1/sessions/${id}/out/records`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${place!.engine.secretKey}` } });
    const { records } = (await response.json()) as { records: { data: unknown; headers?: unknown[] }[] };
    const turns: Chunk[][] = [[]];
    for (const { data, headers } of records) {
      if (JSON.stringify(headers ?? []).includes("turn-complete")) turns.push([]);
      else {
        const chunk = (typeof data === "string" ? JSON.parse(data) : data) as Chunk;
        if (chunk.type === "start") turns[turns.length - 1] = [];
        turns.at(-1)!.push(chunk);
      }
    }
    return turns.slice(0, -1);
  }
  const words = (chunks: Chunk[] | undefined) => (chunks ?? []).map(({ delta = "" }) => delta).join("");
  const untilReply = (text: string) =>
    vi.waitFor(async () => expect(words((await replies()).at(-1))).toBe(text), soon);

  it("keeps a list, and tells the page of it", async () => {
    await say("Oats\nMilk");
    await untilList(["Oats", "Milk"]);
    await untilReply("2 notes are on the list.");
    const chunks = (await replies()).at(-1)!;
    expect(chunks.find(({ type }) => type === "data-notes")?.data).toMatchObject([
      { text: "Oats" },
      { text: "Milk" },
    ]);
    await say("remove 1");
    await untilReply("Removed: Oats");
    await untilList(["Milk"]);
  });

  it("continues with its list when its worker dies between two notes", async () => {
    await say("Oats");
    await untilReply("1 note is on the list.");
    expect(place!.engine.killWorkers()).toBeGreaterThan(0);
    await say("Milk");
    await vi.waitFor(async () => {
      await open();
      expect(await list()).toEqual(["Oats", "Milk"]);
    }, soon);
    await untilReply("2 notes are on the list.");
  });

  it("replies again, and notes nothing twice, when its worker dies in a reply", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `Note ${index}`);
    await say(many.join("\n"));
    await untilList(many);
    await untilReply("60 notes are on the list.");
    await say("read");
    const url = sessions.open(id).out;
    const stream = await url.read<Chunk>({ signal: AbortSignal.timeout(60_000) });
    for await (const chunk of stream) if (chunk.delta?.includes("3")) break;
    expect(place!.engine.killWorkers()).toBeGreaterThan(0);
    const whole = many.map((text, index) => `${index + 1}. ${text}`).join("\n");
    await vi.waitFor(async () => {
      await open();
      expect(words((await replies()).at(-1))).toBe(whole);
    }, soon);
    expect(await list()).toEqual(many);
  });

  it("stops a reply, and takes the next note", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `Note ${index}`);
    await say(many.join("\n"));
    await untilReply("60 notes are on the list.");
    await say("read");
    const stream = await sessions.open(id).out.read<Chunk>({ signal: AbortSignal.timeout(60_000) });
    for await (const chunk of stream) if (chunk.delta?.includes("3.")) break;
    await sessions.open(id).in.send({ kind: "stop" });
    await vi.waitFor(async () => expect((await replies()).at(-1)?.at(-1)).toEqual({ type: "abort" }), soon);
    expect(words((await replies()).at(-1))).not.toContain("60. Note 59");
    await say("clear");
    await untilReply("The list is empty now.");
    expect(await list()).toEqual([]);
  });
});
