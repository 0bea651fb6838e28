import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { retryingFetch } from "./retrying-fetch";

let server: Server;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const append = { endpoint: "in", chatId: "chat" } as const;
const stream = { endpoint: "out", chatId: "chat" } as const;
const events = { "content-type": "text/event-stream", "x-stream-version": "v2" };

describe("a line that goes dead without a word", () => {
  it("sends a message again that nobody answers, with the same part id", async () => {
    const partIds: unknown[] = [];
    const url = await serve((request, response) => {
      if (partIds.push(request.headers["x-part-id"]) > 1) response.end("stored");
    });
    const send = retryingFetch(() => {}, { answerWithinMs: 50 });
    const answer = await send(url, { method: "POST", headers: { "x-part-id": "one" }, body: "hi" }, append);
    expect(await answer.text()).toBe("stored");
    expect(partIds).toEqual(["one", "one"]);
  });

  it("breaks a silent stream off, so that its reader comes back, and says that it reconnects", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, events).write("data: 1\n\n");
    });
    const connections: string[] = [];
    const open = retryingFetch((connection) => connections.push(connection), { silenceMs: 50 });
    const answer = await open(url, {}, stream);
    expect(answer.headers.get("x-stream-version")).toBe("v2");
    await expect(answer.text()).rejects.toThrow(/silent/);
    expect(connections).toEqual(["online", "reconnecting"]);
  });

  it("lets a stream live that pings now and then", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, events);
      let pings = 0;
      const timer = setInterval(() => {
        response.write("event: ping\n\n");
        if (++pings < 8) return;
        clearInterval(timer);
        response.end("data: end\n\n");
      }, 100);
    });
    const answer = await retryingFetch(() => {}, { silenceMs: 600 })(url, {}, stream);
    expect(await answer.text()).toContain("data: end");
  });

  it("waits longer than the longest pause between two pings, which is 15 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const lone = () => new Response(new ReadableStream({}), { headers: events });
      vi.stubGlobal("fetch", async () => lone());
      const connections: string[] = [];
      const answer = await retryingFetch((connection) => connections.push(connection))(
        "http://x/",
        {},
        stream,
      );
      const text = answer.text();
      text.catch(() => {});
      await vi.advanceTimersByTimeAsync(24_000);
      expect(connections).toEqual(["online"]);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(connections).toEqual(["online", "reconnecting"]);
      await expect(text).rejects.toThrow(/silent/);
    } finally {
      vi.unstubAllGlobals();
      vi.useRealTimers();
    }
  });

  it("leaves the caller's own abort an abort", async () => {
    const url = await serve(() => {});
    const controller = new AbortController();
    const answer = retryingFetch(() => {})(url, { signal: controller.signal }, stream);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a message that does not get through", () => {
  const body = JSON.stringify({
    kind: "message",
    payload: { trigger: "submit-message", message: { id: "u1", role: "user", parts: [] } },
  });

  it("has its own id as part id, so that it is stored once however often it is sent", async () => {
    const partIds: unknown[] = [];
    const url = await serve((request, response) => {
      partIds.push(request.headers["x-part-id"]);
      response.end("stored");
    });
    const send = retryingFetch(() => {});
    for (const partId of ["one", "two"])
      await send(url, { method: "POST", headers: { "X-Part-Id": partId }, body }, append);
    await send(url, { method: "POST", headers: { "X-Part-Id": "three" }, body: '{"kind":"stop"}' }, append);
    expect(partIds).toEqual(["message-u1", "message-u1", "three"]);
  });

  it("is not tried again once nobody wants it any more; what is sent later is", async () => {
    let requests = 0;
    let isDown = true;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(isDown ? 503 : 200).end();
    });
    const send = retryingFetch(() => {});
    const given = send(url, { method: "POST", body }, append);
    await vi.waitFor(() => expect(requests).toBe(1));
    send.giveUp();
    expect((await given).status).toBe(503);
    const wanted = send(url, { method: "POST", body: '{"kind":"stop"}' }, append);
    await vi.waitFor(() => expect(requests).toBe(2));
    isDown = false;
    expect((await wanted).status).toBe(200);
  });
});
