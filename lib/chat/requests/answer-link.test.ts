import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAnswerToken, readAnswerToken } from "./answer-link";

const now = new Date("2026-11-21T14:00:00Z");
const request = { chatId: "chat-of-ada-1", messageId: "m", toolCallId: "call_1", expiresAt: null };
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);

beforeEach(() => void vi.stubEnv("BETTER_AUTH_SECRET", "a secret of this test"));
afterEach(() => void vi.unstubAllEnvs());

describe("a one-time link", () => {
  it("leads to one call of one chat, for 72 hours at most, and never longer than the request waits", () => {
    const read = (expiresAt: Date | null) =>
      readAnswerToken(createAnswerToken({ ...request, expiresAt }, now)!);
    const { expiresAt: _, ...name } = request;
    expect(read(null)).toEqual({ ...name, expiresAt: hours(72) });
    expect(read(hours(2))?.expiresAt).toEqual(hours(2));
    expect(read(hours(500))?.expiresAt).toEqual(hours(72));
  });

  it("from before messages were part of it names the call alone", () => {
    const key = createHmac("sha256", "a secret of this test").update("holdfast answer link").digest();
    const body = Buffer.from(JSON.stringify(["chat-of-ada-1", "call_1", 1_900_000_000])).toString(
      "base64url",
    );
    const token = `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
    expect(readAnswerToken(token)).toEqual({
      chatId: "chat-of-ada-1",
      messageId: undefined,
      toolCallId: "call_1",
      expiresAt: new Date(1_900_000_000_000),
    });
  });

  it("is refused when anything in it was changed", () => {
    const token = createAnswerToken(request, now)!;
    const [body, signature] = token.split(".") as [string, string];
    for (let index = 0; index < token.length; index++) {
      const changed = token.slice(0, index) + (token[index] === "A" ? "B" : "A") + token.slice(index + 1);
      if (Buffer.from(changed, "base64url").equals(Buffer.from(token, "base64url"))) continue;
      expect(readAnswerToken(changed), `character ${index}`).toBeUndefined();
    }
    const other = Buffer.from(JSON.stringify(["chat-of-bob-1", "call_1", 9_999_999_999])).toString(
      "base64url",
    );
    const selfMade = createHmac("sha256", "a secret of this test").update(other).digest("base64url");
    for (const forged of [
      `${other}.${signature}`,
      `${other}.${selfMade}`,
      body,
      `${body}.`,
      `${token}.${signature}`,
      "",
      ".",
      "a".repeat(5_000),
      "\u0000.\u0000",
    ])
      expect(readAnswerToken(forged)).toBeUndefined();
  });

  it("is void under another secret, and not made without one", () => {
    const token = createAnswerToken(request, now)!;
    vi.stubEnv("BETTER_AUTH_SECRET", "another one");
    expect(readAnswerToken(token)).toBeUndefined();
    vi.stubEnv("BETTER_AUTH_SECRET", "");
    vi.stubEnv("TRIGGER_SECRET_KEY", "");
    expect(createAnswerToken(request, now)).toBeNull();
    expect(readAnswerToken(token)).toBeUndefined();
  });
});
