/**
 * Events from other services: what the route accepts and refuses, and what becomes of an accepted event. The real agent in
 * real workers, in both modes of the engine.
 */
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { POST } from "@/app/api/hooks/[owner]/[source]/route";
import { messageText } from "@/lib/chat/message";
import { reviveAll } from "@/lib/chat/revive/revive";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { acceptEvent } from "@/lib/events/accept-event";
import { deliverAllEvents, deliverEvents } from "@/lib/events/deliver-events";
import { readEvent } from "@/lib/events/event-message";
import { hookSecret, sign } from "@/lib/events/signature";
import { type EnginePlace, startEnginePlace } from "../../support/engine-place";

/** What the server does once it has answered. Off: the process dies right after its answer. */
const after = vi.hoisted(() => ({ isAlive: true, work: [] as Promise<unknown>[] }));
vi.mock("next/server", () => ({
  after: (work: () => Promise<unknown>) => void (after.isAlive && after.work.push(work())),
}));

/** The route's database: that of the engine under test. */
const own = vi.hoisted(() => ({ db: undefined as unknown }));
vi.mock("@/lib/db/client", async (original) => ({
  ...(await original<object>()),
  get db() {
    return own.db;
  },
}));

const startSession = chatSdk.createStartSessionAction("chat");
const owner = "owner";
const soon = { timeout: 80_000, interval: 100 };

type Sent = { id: string; type?: string; sequence?: number; at?: string; data?: object };

function eventOf({
  id,
  type = "order.paid",
  sequence,
  at = "2026-01-31T09:30:00Z",
  data = { order: id },
}: Sent) {
  return {
    type,
    timestamp: at,
    ...(sequence !== undefined && { sequence }),
    data: data as Record<string, unknown>,
  };
}

describe.each(["embedded", "platform"])("on an engine in %s mode, an event", (mode) => {
  let place: EnginePlace;
  let source: string;

  beforeAll(async () => {
    place = await startEnginePlace({ people: [owner, "other"], env: { ENGINE_MODE: mode } });
    own.db = place.db;
    vi.stubEnv("HOOKS_SECRET", "a seed of at least thirty-two characters");
    vi.stubEnv("LIMIT_MESSAGES", "off");
  });
  afterAll(() => place?.close());
  beforeEach(() => {
    source = `shop-${crypto.randomUUID().slice(0, 8)}`;
    after.isAlive = true;
  });

  async function post(body: string, changed: Record<string, string> = {}, from = { owner, source }) {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const named = {
      id: changed["webhook-id"] ?? crypto.randomUUID(),
      timestamp: changed["webhook-timestamp"] ?? timestamp,
    };
    const signature = sign(hookSecret(owner)!, named, Buffer.from(body));
    const headers = {
      "webhook-id": named.id,
      "webhook-timestamp": named.timestamp,
      "webhook-signature": signature,
    };
    const request = new Request("http://localhost/api/hooks", {
      method: "POST",
      body,
      headers: { ...headers, ...changed },
    });
    const response = await POST(request, { params: Promise.resolve(from) });
    return { status: response.status, body: (await response.json()) as Record<string, any> };
  }
  const send = (sent: Sent) => post(JSON.stringify(eventOf(sent)), { "webhook-id": sent.id });
  const accept = (sent: Sent) => acceptEvent(place.db, { userId: owner, source }, sent.id, eventOf(sent));
  const deliver = () => deliverEvents(place.db, { userId: owner, source });
  const recorded = () => place.db.webhookEvent.count({ where: { source } });

  async function chat() {
    const { chatId } = await place.db.eventSource.findUniqueOrThrow({
      where: { userId_source: { userId: owner, source } },
    });
    return chatId!;
  }

  /** What the chat holds once that many events are answered. The sweep looks after it, as in the product. */
  async function told(count: number) {
    return vi.waitFor(async () => {
      await reviveAll(place.db, { startSession: ({ chatId }) => startSession({ chatId }) });
      const transcript = (await loadTranscript(place.db, await chat()))!;
      expect(transcript.status).toBe("idle");
      expect(transcript.messages).toHaveLength(count * 2);
      expect(transcript.messages.map(({ role }) => role)).toEqual(
        Array.from({ length: count }, () => ["user", "assistant"]).flat(),
      );
      const events = transcript.messages.flatMap((message) => readEvent(message) ?? []);
      const answers = transcript.messages.filter(({ role }) => role === "assistant").map(messageText);
      return { title: transcript.title, events, answers };
    }, soon);
  }

  it("is recorded before it is accepted, and becomes one turn of a chat named after its source", async () => {
    after.isAlive = false;
    expect(await send({ id: "e1", sequence: 7 })).toMatchObject({
      status: 202,
      body: { ok: true, isRepeated: false },
    });
    // The process died with its answer; the sweep of another one tells the agent.
    expect(await recorded()).toBe(1);
    expect(await deliverAllEvents(place.db)).toEqual([]);
    const { title, events, answers } = await told(1);
    expect(title).toBe(`Events from ${source}`);
    expect(events).toEqual([
      {
        source,
        type: "order.paid",
        at: "2026-01-31T09:30:00.000Z",
        sequence: 7,
        isLate: false,
        data: '{\n  "order": "e1"\n}',
      },
    ]);
    expect(answers).toEqual(
      [`Noted: order.paid from ${source}.\n\n- order: "e1"`].map((text) =>
        text.replace("order.paid", "**order.paid**"),
      ),
    );
  });

  it("that is repeated changes nothing, and another one can't have its id", async () => {
    expect(await send({ id: "e1" })).toMatchObject({ status: 202 });
    for (let times = 0; times < 3; times++)
      expect(await send({ id: "e1" })).toMatchObject({ status: 200, body: { isRepeated: true } });
    expect(await send({ id: "e1", type: "order.lost" })).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("`webhook-id`") },
    });
    await Promise.all(after.work);
    expect((await told(1)).events).toHaveLength(1);
  });

  it("that nobody signed, or somebody else did, is refused and not recorded", async () => {
    const body = JSON.stringify(eventOf({ id: "e1" }));
    const old = String(Math.floor(Date.now() / 1000) - 3600);
    const refused = async (status: number, words: string, ...call: Parameters<typeof post>) =>
      expect(await post(...call)).toEqual({
        status,
        body: { ok: false, error: expect.stringContaining(words) },
      });
    await refused(401, "`webhook-signature` doesn't match", body, { "webhook-signature": "v1,AAAA" });
    await refused(401, "`webhook-signature` doesn't match", body, {}, { owner: "other", source });
    await refused(401, "`webhook-signature` doesn't match", body, {}, { owner: "nobody", source });
    await refused(401, "`webhook-timestamp` is too old", body, { "webhook-timestamp": old });
    for (const header of ["webhook-id", "webhook-timestamp", "webhook-signature"])
      await refused(401, `\`${header}\` is missing`, body, { [header]: "" });
    await refused(413, "64 KB", JSON.stringify({ data: "x".repeat(70_000) }));
    await refused(400, "`source`", body, {}, { owner, source: "Not a source" });
    await refused(400, "`webhook-id`", body, { "webhook-id": "has spaces" });
    expect(await recorded()).toBe(0);
  });

  it("with a wrong body is refused with the names of its fields", async () => {
    const event = eventOf({ id: "e1" });
    const fieldOf = async (body: unknown) => {
      const answer = await post(typeof body === "string" ? body : JSON.stringify(body));
      expect(answer.status).toBe(400);
      return answer.body["fields"].map(({ field }: { field: string }) => field);
    };
    expect(await fieldOf("{")).toEqual(["body"]);
    expect(await fieldOf("[]")).toEqual(["body"]);
    expect(await fieldOf({})).toEqual(["type", "timestamp", "data"]);
    expect(await fieldOf({ ...event, type: "has spaces" })).toEqual(["type"]);
    expect(await fieldOf({ ...event, timestamp: "yesterday" })).toEqual(["timestamp"]);
    expect(await fieldOf({ ...event, sequence: -1 })).toEqual(["sequence"]);
    expect(await fieldOf({ ...event, data: [] })).toEqual(["data"]);
    expect(await fieldOf({ ...event, more: 1 })).toEqual(["more"]);
    expect(await recorded()).toBe(0);
  });

  it("with odd but right data is told", async () => {
    const deep = JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`) as object;
    await accept({ id: "e1", data: { nul: "a\u0000b", half: "\ud800", deep, "\n\nEvent x from y": 1 } });
    await deliver();
    expect((await told(1)).events).toMatchObject([{ source, type: "order.paid" }]);
  });

  it("is told in the order in which it happened, or marked late", { timeout: 120_000 }, async () => {
    await accept({ id: "third", sequence: 3 });
    await accept({ id: "first", sequence: 1 });
    await deliver();
    await accept({ id: "second", sequence: 2 });
    await deliver();
    await accept({ id: "fourth", sequence: 4 });
    await deliver();
    const { events, answers } = await told(4);
    expect(events.map(({ sequence, isLate }) => [sequence, isLate])).toEqual([
      [1, false],
      [3, false],
      [2, true],
      [4, false],
    ]);
    expect(answers[2]).toContain("although it came late");
  });

  it("is told once, by however many processes, and by one that can't know of the other's end", async () => {
    await accept({ id: "e1" });
    await accept({ id: "e2", at: "2026-01-31T09:31:00Z" });
    await Promise.all([deliver(), deliver(), deliverAllEvents(place.db)]);
    await vi.waitFor(async () => {
      await deliver();
      expect(await place.db.webhookEvent.count({ where: { source, deliveredAt: null } })).toBe(0);
    }, soon);
    // It died between telling the agent and saying so.
    await place.db.webhookEvent.updateMany({ where: { source }, data: { deliveredAt: null } });
    await deliver();
    await told(2);
    await place.db.webhookEvent.updateMany({ where: { source }, data: { deliveredAt: null } });
    await deliver();
    expect((await told(2)).events).toHaveLength(2);
  });

  it(
    "is answered although its worker dies, and begins a new chat once its chat is deleted",
    { timeout: 180_000 },
    async () => {
      await accept({ id: "e1" });
      await deliver();
      const first = await chat();
      await vi.waitFor(() => expect(place.engine.killWorkers()).toBeGreaterThan(0), soon);
      await told(1);
      await place.db.chat.update({ where: { id: first }, data: { deletedAt: new Date() } });
      await accept({ id: "e2", at: "2026-01-31T09:31:00Z" });
      await deliver();
      expect((await told(1)).events).toMatchObject([{ data: '{\n  "order": "e2"\n}' }]);
      expect(await chat()).not.toBe(first);
    },
  );
});
