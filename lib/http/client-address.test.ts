import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { addressKey, isInRanges, isPublicAddress, isRange } from "./addresses";
import { clientAddress, watchForwardedHeaders } from "./client-address";

vi.mock("server-only", () => ({}));
afterEach(() => vi.unstubAllEnvs());

/** Says what a request looks like to whatever reads it. */
const server = createServer((request, response) => response.end(JSON.stringify(request.headers)));
let port: number;
beforeAll(async () => {
  watchForwardedHeaders();
  watchForwardedHeaders();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

async function seen(headers: Record<string, string>): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    send({ host: "127.0.0.1", port, headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk)).on("end", () => resolve(JSON.parse(body)));
    })
      .on("error", reject)
      .end();
  });
}

const addressOf = (headers: Record<string, string>) => clientAddress({ headers: new Headers(headers) });

const forwarded = {
  "x-forwarded-for": "198.51.100.1, 203.0.113.7, 10.1.2.3",
  "x-forwarded-host": "evil.example",
  "x-forwarded-proto": "https",
  "x-real-ip": "198.51.100.1",
  forwarded: "for=198.51.100.1",
};

describe("forwarded headers", () => {
  it("count for nothing from somebody who is no proxy of ours", async () => {
    const headers = await seen(forwarded);
    expect(addressOf(headers)).toBe("127.0.0.1");
    for (const name of ["x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded"])
      expect(headers).not.toHaveProperty(name);
  });

  it("count from a trusted proxy, which names the client last, before its own like", async () => {
    vi.stubEnv("TRUSTED_PROXY", "loopback, 10.0.0.0/8");
    const headers = await seen(forwarded);
    expect(addressOf(headers)).toBe("203.0.113.7");
    expect(headers["x-forwarded-host"]).toBe("evil.example");
  });

  it("name the proxy itself when it names nobody", async () => {
    vi.stubEnv("TRUSTED_PROXY", "127.0.0.1");
    expect(addressOf(await seen({}))).toBe("127.0.0.1");
    expect(addressOf(await seen({ "x-forwarded-for": "nonsense" }))).toBe("unknown");
    expect(addressOf(await seen({ "x-forwarded-for": "203.0.113.7:5123" }))).toBe("203.0.113.7");
    expect(addressOf(await seen({ "x-forwarded-for": "[2001:db8::7]:443" }))).toBe("2001:db8::/64");
  });
});

describe("addresses", () => {
  it("count by the network that one customer has", () => {
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe(addressKey("2001:db8:1:2:ffff::1"));
    expect(addressKey("2001:db8:1:2::1")).not.toBe(addressKey("2001:db8:1:3::1"));
    expect(addressKey("::ffff:203.0.113.7")).toBe("203.0.113.7");
  });

  it("are in a range, a word or themselves", () => {
    expect(isInRanges("::ffff:10.9.9.9", ["private"])).toBe(true);
    expect(isInRanges("fd00::1", ["private"])).toBe(true);
    expect(isInRanges("11.0.0.1", ["private", "loopback", "::1"])).toBe(false);
    expect(isInRanges("", ["private"])).toBe(false);
    expect(["loopback", "10.0.0.0/8", "::1", "fd00::/8"].every(isRange)).toBe(true);
    expect(["everybody", "10.0.0.0/99", "", "constructor"].some(isRange)).toBe(false);
  });

  it.each([
    "127.0.0.1",
    "169.254.169.254",
    "::",
    "::ffff:10.0.0.1",
    "fe80::1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "not one",
  ])("%s is not public", (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(["203.0.112.7", "8.8.8.8", "2606:4700::1111"])("%s is public", (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});
