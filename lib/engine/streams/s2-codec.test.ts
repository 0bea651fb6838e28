import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { HttpError } from "../http/errors";
import {
  createFrameReader,
  decodeAppendInput,
  decodeJsonInput,
  encodeAck,
  encodeFrame,
  encodeTerminal,
  encodeVarint,
} from "./s2-codec";

const field = (number: number, bytes: Buffer | string) => {
  const body = Buffer.from(bytes as Buffer);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), encodeVarint(body.length), body]);
};
const header = (name: string, value: string) => field(2, Buffer.concat([field(1, name), field(2, value)]));
const record = (body: Buffer | string, ...headers: Buffer[]) =>
  field(1, Buffer.concat([...headers, field(3, body)]));
const seq = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};

function statusOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
  return 200;
}

describe("append messages", () => {
  it("reads records with bodies and headers", () => {
    const input = decodeAppendInput(
      Buffer.concat([record("héllo"), record("", header("a", "b"), header("c", "d"))]),
    );
    expect(input.records).toEqual([
      { body: "héllo" },
      {
        body: "",
        headers: [
          ["a", "b"],
          ["c", "d"],
        ],
      },
    ]);
  });

  it("reads conditions", () => {
    const message = Buffer.concat([record("x"), Buffer.from([16]), encodeVarint(300), field(3, "token")]);
    expect(decodeAppendInput(message)).toMatchObject({ matchSeq: 300, fencingToken: "token" });
  });

  it("reads trim and fence commands", () => {
    const trim = decodeAppendInput(record(seq(41n), header("", "trim")));
    expect(trim.records).toEqual([{ body: "", headers: [["", "trim"]], command: { trim: 41 } }]);
    const fence = decodeAppendInput(record("mine", header("", "fence")));
    expect(fence.records[0]!.command).toEqual({ fence: "mine" });
  });

  it.each([
    ["a trim body that is not 8 bytes", record("short", header("", "trim")), 422],
    ["an unknown command", record("", header("", "explode")), 422],
    ["a command with more headers", record(seq(1n), header("", "trim"), header("a", "b")), 422],
    ["an empty header name in second place", record("", header("a", "b"), header("", "trim")), 422],
    ["no records", Buffer.alloc(0), 422],
    ["1001 records", Buffer.concat(Array.from({ length: 1001 }, () => record("x"))), 422],
    ["a body that is not UTF-8", record(Buffer.from([0xff, 0xfe])), 422],
    ["a record over 1 MiB", record("x".repeat(1024 * 1024)), 413],
    ["a length beyond the end", Buffer.from([10, 200, 1, 0]), 400],
    ["a varint that never ends", Buffer.alloc(30, 0xff), 400],
    ["a cut varint", Buffer.from([10, 0x80]), 400],
    ["an unknown wire type", Buffer.from([15]), 400],
    ["field number zero", Buffer.from([2, 0]), 400],
    ["a number where bytes belong", Buffer.from([8, 1]), 400],
  ])("refuses %s", (_name, message, status) => {
    expect(statusOf(() => decodeAppendInput(message))).toBe(status);
  });

  it("reads the JSON form and says what is wrong with it", () => {
    const good = { records: [{ body: "x", headers: [["trigger-control", "turn-complete"]] }, {}] };
    expect(decodeJsonInput(Buffer.from(JSON.stringify(good))).records).toHaveLength(2);
    for (const bad of [
      "{",
      "[]",
      "null",
      '{"records":1}',
      '{"records":[{"body":1}]}',
      '{"records":[{"headers":[1]}]}',
    ]) {
      expect(statusOf(() => decodeJsonInput(Buffer.from(bad)))).toBe(400);
    }
  });

  it("writes acknowledgements with all three positions", () => {
    const position = (number: number) => ({ seq_num: number, timestamp: 1_700_000_000_000 });
    const bytes = encodeAck({ start: position(0), end: position(2), tail: position(300), duplicate: false });
    const timestamp = "1080d095ffbc31";
    expect(bytes.toString("hex")).toBe(`0a090800${timestamp}12090802${timestamp}1a0a08ac02${timestamp}`);
  });
});

describe("frames", () => {
  it("come out whole however the bytes are cut", () => {
    const wire = Buffer.concat([encodeFrame(Buffer.from("one")), encodeFrame(Buffer.from("two"), 0x80)]);
    for (let size = 1; size <= wire.length; size++) {
      const readFrames = createFrameReader();
      const frames = [];
      for (let at = 0; at < wire.length; at += size) frames.push(...readFrames(wire.subarray(at, at + size)));
      expect(frames.map((frame) => [frame.terminal, frame.body.toString()])).toEqual([
        [false, "one"],
        [true, "two"],
      ]);
    }
  });

  it("may be compressed with gzip, not with zstd", () => {
    const readFrames = createFrameReader();
    expect(readFrames(encodeFrame(gzipSync("packed"), 0x40))[0]!.body.toString()).toBe("packed");
    expect(statusOf(() => readFrames(encodeFrame(Buffer.from("x"), 0x20)))).toBe(415);
    expect(statusOf(() => createFrameReader()(encodeFrame(Buffer.from("not gzip"), 0x40)))).toBe(400);
  });

  it("must have a flag and stay under 2 MiB", () => {
    expect(statusOf(() => createFrameReader()(Buffer.from([0, 0, 0, 0])))).toBe(400);
    expect(statusOf(() => createFrameReader()(Buffer.from([0xff, 0xff, 0xff, 0])))).toBe(413);
  });

  it("carry status and error when they end a session", () => {
    const [frame] = createFrameReader()(encodeTerminal(403, { code: "permission_denied", message: "no" }));
    expect(frame!.terminal).toBe(true);
    expect(frame!.body.readUInt16BE(0)).toBe(403);
    expect(JSON.parse(frame!.body.subarray(2).toString())).toEqual({
      code: "permission_denied",
      message: "no",
    });
  });
});
