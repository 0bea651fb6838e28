import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { patientFetch } from "./patient-fetch";

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
    const send = patientFetch(() => {}, { answerWithinMs: 50 });
    const answer = await send(url, { method: "POST", headers: { "x-part-id": "one" }, body: "hi" }, append);
    expect(await answer.text()).toBe("stored");
    expect(partIds).toEqual(["one", "one"]);
  });

  it("breaks a silent stream off, so that its reader comes back, and says that it reconnects", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, events).write("data: 1\n\n");
    });
    const connections: string[] = [];
    const open = patientFetch((connection) => connections.push(connection), { silenceMs: 50 });
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
    const answer = await patientFetch(() => {}, { silenceMs: 600 })(url, {}, stream);
    expect(await answer.text()).toContain("data: end");
  });

  it("leaves the caller's own abort an abort", async () => {
    const url = await serve(() => {});
    const controller = new AbortController();
    const answer = patientFetch(() => {})(url, { signal: controller.signal }, stream);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });
});
