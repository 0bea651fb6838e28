import type { UIMessage } from "ai";
import { expect, it } from "vitest";
import { lazyTransport } from "./lazy-transport";

const message: UIMessage = { id: "u1", role: "user", parts: [{ type: "text", text: "And?" }] };

/** An engine that accepts one token, and what it was asked with. */
function engine(accepted: string) {
  const tokens: string[] = [];
  const fetch = async (_url: string, init: RequestInit) => {
    const token = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? "";
    tokens.push(token);
    const status = token === accepted ? 200 : 401;
    return Response.json(status === 200 ? { ok: true, seqNum: 0 } : { error: "Unauthorized" }, { status });
  };
  return { tokens, fetch };
}

it("keeps a session until it is loaded, and sends with it", async () => {
  const { tokens, fetch } = engine("first");
  const transport = lazyTransport({
    task: "chat",
    baseURL: "http://engine",
    fetch,
    accessToken: async () => "unused",
  });
  transport.setSession("c1", { publicAccessToken: "first", lastEventId: "7" });
  expect(transport.getSession("c1")).toMatchObject({ publicAccessToken: "first", lastEventId: "7" });
  expect(transport.getSession("c2")).toBeUndefined();
  expect(await transport.sendPendingMessage("c1", message)).toBe(true);
  expect(tokens).toEqual(["first"]);
  // From now on it is the transport's own word that counts.
  transport.setSession("c1", { publicAccessToken: "first", lastEventId: "9" });
  expect(transport.getSession("c1")).toMatchObject({ lastEventId: "9" });
});

it("is loaded once, and is nobody's reader any more once it is disposed of", async () => {
  const { tokens, fetch } = engine("fresh");
  const accessToken = async () => "fresh";
  const transport = lazyTransport({ task: "chat", baseURL: "http://engine", fetch, accessToken });
  expect(await transport.load()).toBe(await transport.load());
  transport.setSession("c1", { publicAccessToken: "old", isStreaming: true });
  expect(await transport.sendPendingMessage("c1", message)).toBe(true);
  expect(tokens).toEqual(["old", "fresh"]);
  transport.dispose();
  expect(await transport.reconnectToStream({ chatId: "c1" })).toBeNull();
});
