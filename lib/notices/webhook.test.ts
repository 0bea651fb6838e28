import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postWebhook } from "./webhook";

/** A service that answers with these, one after the other, and then with the last one. */
let answers: Array<number | "silence">;
const received: Array<{ headers: IncomingHttpHeaders; body: string }> = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    received.push({ headers: request.headers, body });
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (answer === "silence") return;
    response.writeHead(answer, answer === 302 ? { location: "/elsewhere" } : {}).end();
  });
});
let port: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received.length = 0;
  answers = [204];
});

const now = () => new Date("2026-11-21T14:00:00Z");
const post = (url = `http://127.0.0.1:${port}/hook`, allowLoopback = true) =>
  postWebhook({ url, secret: "s3cret" }, '{"title":"Åse"}', {
    allowLoopback,
    timeoutMs: 300,
    retryDelaysMs: [1, 1],
    now,
  });

describe("a webhook", () => {
  it("is signed over its time and its body", async () => {
    await post();
    const [{ headers, body }] = received as [(typeof received)[number]];
    expect(body).toBe('{"title":"Åse"}');
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
      String(headers["holdfast-signature"]),
    ) as unknown as [string, string, string];
    expect(Number(seconds)).toBe(now().getTime() / 1000);
    expect(signature).toBe(createHmac("sha256", "s3cret").update(`${seconds}.${body}`).digest("hex"));
    expect(headers["content-type"]).toBe("application/json");
  });

  it("is sent again when the service stumbles or says nothing, three times in all", async () => {
    answers = [500, "silence", 204];
    await post();
    expect(received).toHaveLength(3);
    received.length = 0;
    answers = [503];
    await expect(post()).rejects.toThrow("The webhook returned status 503.");
    expect(received).toHaveLength(3);
    received.length = 0;
    answers = ["silence"];
    await expect(post()).rejects.toThrow("did not answer within 300 ms");
    expect(received).toHaveLength(3);
  });

  it.each([400, 404, 410, 302])("is sent once when the service answers %i", async (status) => {
    answers = [status];
    await expect(post()).rejects.toThrow(`The webhook returned status ${status}.`);
    expect(received).toHaveLength(1);
  });

  it("reaches this machine in development alone, by address and by name", async () => {
    await post(`http://localhost:${port}/`);
    expect(received).toHaveLength(1);
    for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
      await expect(post(`http://${host}:${port}/`, false), host).rejects.toThrow("not a public address");
    expect(received).toHaveLength(1);
  });

  it.each([
    "10.0.0.1",
    "172.20.1.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2001:0:a00:1::1]",
    "[2002:a00:1::1]",
    "[::ffff:0:10.0.0.1]",
    "192.0.2.1",
    "[3fff::1]",
    "[100::1]",
  ])("never goes to %s", async (host) => {
    await expect(post(`http://${host}/`)).rejects.toThrow("not a public address");
  });

  it.each(["ftp://example.com/", "file:///etc/passwd", "data:text/plain,x", "javascript:1"])(
    "never goes by %s",
    async (url) => {
      await expect(post(url)).rejects.toThrow("Use http: or https:");
    },
  );
});
