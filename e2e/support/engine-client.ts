import { expect, vi } from "vitest";
import { createAuth } from "@/lib/engine/http/auth";
import type { Header } from "@/lib/engine/streams/records";
import { type FakeAttempt, TEST_SECRET_KEY, type TestEngine } from "./engine";

export const secretKeyHeader = { authorization: `Bearer ${TEST_SECRET_KEY}` };

/** Generous: on a busy machine a condition may take its time, but it must come. */
export const eventually = { timeout: 20_000, interval: 20 };

const auth = createAuth(TEST_SECRET_KEY);

export type WireRecord = { body: string; headers?: Header[] };

export type Chat = { id: string; runId: string; name: string };

/** The record with which a run ends its turn. */
export function answered(seq: number, consumed = seq): WireRecord {
  const headers: Header[] = [
    ["trigger-control", "turn-complete"],
    ["session-in-event-id", String(seq)],
    ["session-in-consumed-id", String(consumed)],
  ];
  return { body: "", headers };
}

/** Talks to a test engine as the SDK would, one plain request at a time. */
export function engineClient(test: () => TestEngine) {
  async function call(path: string, body?: unknown, method = body === undefined ? "GET" : "POST") {
    const url = path.startsWith("http") ? path : `${test().url}${path}`;
    const response = await fetch(url, {
      method,
      headers: secretKeyHeader,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text.startsWith("{") ? (JSON.parse(text) as Record<string, any>) : {};
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  const attemptsOf = (chat: Chat) =>
    test().fake.attempts.filter((attempt) => attempt.payload["sessionId"] === chat.id);

  return {
    call,
    attemptsOf,

    createChat: async (name: string, triggerConfig: Record<string, unknown> = {}): Promise<Chat> => {
      const { body } = await call("/api/v1/sessions", {
        type: "chat.agent",
        externalId: name,
        taskIdentifier: "chat",
        triggerConfig: { basePayload: { chatId: name, trigger: "preload" }, ...triggerConfig },
      });
      return { id: body["id"], runId: body["runId"], name };
    },

    say: async (chat: Chat, text = "hi", trigger = "submit-message"): Promise<number> => {
      const message = { id: text, role: "user", parts: [{ type: "text", text }] };
      const { body } = await call(`/realtime/v1/sessions/${encodeURIComponent(chat.name)}/in/append`, {
        kind: "message",
        payload: { trigger, message },
      });
      return body["seq"] as number;
    },

    stop: async (chat: Chat) => {
      await call(`/realtime/v1/sessions/${encodeURIComponent(chat.name)}/in/append`, { kind: "stop" });
    },

    /** The run begins to read its input, as the runtime does when it has booted. */
    listen: async (chat: Chat, attempt: FakeAttempt) => {
      const url = `${attempt.apiUrl}/realtime/v1/sessions/${encodeURIComponent(chat.name)}/in`;
      const { body } = await fetch(url, { headers: { ...secretKeyHeader, accept: "text/event-stream" } });
      await body?.cancel();
    },

    /** Appends to `.out` through S2, as this attempt of a run or as the server. */
    write: async (chat: Chat, records: WireRecord[], from?: FakeAttempt): Promise<Response> => {
      const name = `sessions/${chat.id}/out`;
      const caller = from && { runId: from.runId, attempt: from.number };
      return fetch(`${test().url}/s2/v1/streams/${encodeURIComponent(name)}/records`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${auth.signStreamToken(name, caller)}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ records }),
      });
    },

    nextAttempt: async (chat: Chat, number: number): Promise<FakeAttempt> => {
      await vi.waitFor(() => expect(attemptsOf(chat).length).toBeGreaterThanOrEqual(number), eventually);
      return attemptsOf(chat)[number - 1]!;
    },

    outOf: async (chat: Chat) => {
      const { body } = await call(`/realtime/v1/sessions/${encodeURIComponent(chat.name)}/out/records`);
      return body["records"] as { data: any; headers?: Header[]; seqNum: number }[];
    },

    run: async (runId: string) => {
      return (await call(`/api/v3/runs/${runId}`)).body;
    },

    untilStatus: async (runId: string, status: string) => {
      await vi.waitFor(
        async () => expect((await call(`/api/v3/runs/${runId}`)).body["status"]).toBe(status),
        eventually,
      );
    },

    /** Puts the run to sleep on its chat's `.in`, as `chat.agent` does when nobody writes for a while. */
    park: async (chat: Chat, attempt: FakeAttempt) => {
      const { body } = await call(`/api/v1/runs/${attempt.runId}/session-streams/wait`, {
        session: chat.name,
        io: "in",
        timeout: "1h",
      });
      const token = body["waitpointId"] as string;
      await call(`/engine/v1/runs/${attempt.runId}/waitpoints/tokens/${token}/wait`, {});
      attempt.park(true);
    },

    trigger: async (options: Record<string, unknown> = {}, task = "chat") => {
      const { body } = await call(`/api/v1/tasks/${task}/trigger`, { payload: "{}", options });
      return body["id"] as string;
    },
  };
}
