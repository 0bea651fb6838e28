import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  InvalidMessageError,
  MAX_TEXT_LENGTH,
  messageText,
  parseUserMessage,
  sanitise,
  saysTheSame,
} from "./message";

const user = (text: string, more: object = {}) => ({
  id: "u1",
  role: "user",
  parts: [{ type: "text", text }],
  ...more,
});

const fileUrl = "/attachments/0b7f6a52-3c1e-4d59-8f5e-2f1f3a4b5c6d";
const withFile = (part: object = {}) =>
  user("", { parts: [{ type: "file", url: fileUrl, mediaType: "image/png", filename: "a.png", ...part }] });

describe("a message from a browser", () => {
  it("may be an attachment and no words, known by its address alone", () => {
    const sent = withFile({ providerReference: { openai: "file-of-somebody-else" }, providerMetadata: {} });
    expect(parseUserMessage(sent).parts).toEqual([
      {
        type: "file",
        url: fileUrl,
        mediaType: "image/png",
        filename: "a.png",
        providerReference: { holdfast: fileUrl.split("/")[2] },
      },
    ]);
  });

  it("is taken with what we know of it, and nothing else", () => {
    const sent = user("hello", {
      metadata: { admin: true },
      extra: 1,
      parts: [{ type: "text", text: "hello", providerMetadata: {} }],
    });
    expect(parseUserMessage(sent)).toEqual(user("hello"));
  });

  it("may have up to the limit, and loses NUL and lone surrogates", () => {
    expect(messageText(parseUserMessage(user("x".repeat(MAX_TEXT_LENGTH))))).toHaveLength(MAX_TEXT_LENGTH);
    expect(messageText(parseUserMessage(user("a\u0000b\ud83dc💥")))).toBe("ab\ufffdc💥");
  });

  it.each([
    ["nothing", undefined, /wrong shape|expected object/i],
    ["a string", "hello", /expected object/i],
    ["no id", { ...user("hello"), id: undefined }, /`id`/],
    ["a path as id", user("hello", { id: "../../x" }), /`id`/],
    ["a long id", user("hello", { id: "x".repeat(129) }), /at most 128/],
    ["another role", user("hello", { role: "assistant" }), /role `user`/],
    ["no parts", { id: "u1", role: "user" }, /`parts`/],
    ["parts that are no list", user("hello", { parts: "hello" }), /`parts`/],
    ["a tool part", user("hello", { parts: [{ type: "tool-weather", input: {} }] }), /Only text and attach/],
    ["a file from elsewhere", withFile({ url: "https://example.com/a.png" }), /not an attachment/],
    ["a file as data", withFile({ url: "data:image/png;base64,AAAA" }), /not an attachment/],
    ["a file outside its folder", withFile({ url: `${fileUrl}/../../engine` }), /not an attachment/],
    ["a file of no type", withFile({ mediaType: "png" }), /`mediaType`/],
    ["eleven files", user("", { parts: Array(11).fill(withFile().parts[0]) }), /more than 10 files/],
    [
      "a thousand parts",
      user("", { parts: Array(1000).fill({ type: "text", text: "x" }) }),
      /more than 100 parts/,
    ],
    ["white space", user(" \n\t\u00a0 "), /empty/],
    [
      "one character too many, in two parts",
      user("", {
        parts: [
          { type: "text", text: "x".repeat(MAX_TEXT_LENGTH) },
          { type: "text", text: "y" },
        ],
      }),
      /too long: 100,001/,
    ],
  ])("is refused with a reason: %s", (_, sent, why) => {
    expect(() => parseUserMessage(sent)).toThrow(InvalidMessageError);
    expect(() => parseUserMessage(sent)).toThrow(why);
  });
});

it("is another message under the same id when a word or a file differs", () => {
  const parts = (...all: object[]) => ({ parts: all }) as unknown as Parameters<typeof saysTheSame>[0];
  const [text, file] = [{ type: "text", text: "look" }, withFile().parts[0]!];
  expect(saysTheSame(parts(file, text), parts(file, text))).toBe(true);
  expect(saysTheSame(parts(file, text), parts(text))).toBe(false);
  expect(saysTheSame(parts(file, text), parts(file, { type: "text", text: "look!" }))).toBe(false);
});

describe("sanitise", () => {
  it("keeps what JSON keeps, for any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const clean = sanitise(value);
        // JSON has no -0.
        expect(JSON.parse(JSON.stringify(clean))).toEqual(
          JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "")),
        );
      }),
    );
  });

  it("leaves nothing that jsonb refuses, and never throws", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withTypedArray: true,
          stringUnit: "binary",
        }),
        (value) => {
          const text = JSON.stringify(sanitise(value)) ?? "";
          expect(text).not.toContain("\\u0000");
          expect(text).not.toMatch(/\\ud[89a-f]/i);
          expect(text.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("keeps a key named __proto__ a key", () => {
    const clean = sanitise(JSON.parse('{"__proto__": {"polluted": true}}'));
    expect(Object.keys(clean)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("keeps what is nested too deep as text, and survives a cycle and what is deeper still", () => {
    const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}1${"]".repeat(depth)}`) as unknown;
    expect(JSON.stringify(sanitise(nested(150)))).toBe(JSON.stringify(nested(150)));
    expect(JSON.stringify(sanitise(nested(1_000)))).toContain("[[[1]]]");
    const cycle: Record<string, unknown> = { name: "loop" };
    cycle.self = cycle;
    expect(JSON.stringify(sanitise(cycle))).toContain("nested too deep");
    const abyss: unknown[] = [];
    let deepest = abyss;
    for (let depth = 0; depth < 200_000; depth++) deepest = (deepest[0] = []) as unknown[];
    expect(() => sanitise(abyss)).not.toThrow();
  });

  it("writes dates and big integers as text, and an invalid date as null", () => {
    expect(
      sanitise({
        at: new Date(0),
        big: 10n,
        never: new Date(Number.NaN),
        missing: undefined,
        nan: Number.NaN,
      }),
    ).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      big: "10",
      never: null,
      nan: null,
    });
  });
});
