import { afterEach, expect, it, vi } from "vitest";
import { isSameOrigin } from "./same-origin";

afterEach(() => vi.unstubAllEnvs());

const from = (origin: string | undefined, host = "127.0.0.1:3000") =>
  isSameOrigin({ headers: new Headers({ host, ...(origin !== undefined && { origin }) }) });

it("compares with the configured address, whatever host a proxy passes on", () => {
  vi.stubEnv("NODE_ENV", "production");
  vi.stubEnv("BETTER_AUTH_URL", "https://chat.example/");
  expect(from("https://chat.example", "upstream")).toBe(true);
  expect(from("https://evil.example", "evil.example")).toBe(false);
  expect(from("http://chat.example", "chat.example")).toBe(false);
});

it("compares with the host when no address is configured", () => {
  vi.stubEnv("BETTER_AUTH_URL", "");
  expect(from("http://127.0.0.1:3000")).toBe(true);
  expect(from("http://127.0.0.1:3001")).toBe(false);
});

it("lets a developer open a site whose address is configured for its deployment", () => {
  vi.stubEnv("NODE_ENV", "development");
  vi.stubEnv("BETTER_AUTH_URL", "https://chat.example");
  expect(from("http://127.0.0.1:3000")).toBe(true);
  expect(from("https://evil.example")).toBe(false);
});

it("refuses who does not say where it comes from", () => {
  for (const origin of [undefined, "null", "", "not an address"]) expect(from(origin)).toBe(false);
});
