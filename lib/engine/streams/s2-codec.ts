/** The S2 wire forms the client uses: protobuf and JSON messages, and the frames of a streaming append ("s2s"). */
import { gunzipSync } from "node:zlib";
import { requireShallow } from "../http/input";
import { HttpError } from "../http/errors";
import type { Header } from "./records";
import type { Appended, NewRecord, Position } from "./append-queue";

export type AppendInput = {
  records: NewRecord[];
  matchSeq: number | undefined;
  fencingToken: string | undefined;
};

type Frame = { terminal: boolean; body: Buffer };

const MAX_FRAME = 2 * 1024 * 1024;
const MAX_BATCH_RECORDS = 1_000;
const MAX_RECORD_BYTES = 1024 * 1024;
const TERMINAL = 0x80;
const COMPRESSION = 0x60;
const GZIP = 0x40;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeFrame(body: Buffer, flag = 0): Buffer {
  const frame = Buffer.allocUnsafe(body.length + 4);
  frame.writeUIntBE(body.length + 1, 0, 3);
  frame.writeUInt8(flag, 3);
  body.copy(frame, 4);
  return frame;
}

/** Encodes the last frame of a refused connection: an HTTP status, and the error as JSON. */
export function encodeTerminal(status: number, body: unknown): Buffer {
  const prefix = Buffer.allocUnsafe(2);
  prefix.writeUInt16BE(status, 0);
  return encodeFrame(Buffer.concat([prefix, Buffer.from(JSON.stringify(body))]), TERMINAL);
}

/** Returns a reader that takes chunks and returns complete frames. It throws on a malformed frame. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let chunks: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    const frames: Frame[] = [];
    if (size < 4) return frames;
    let rest = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    while (rest.length >= 4) {
      const length = rest.readUIntBE(0, 3);
      if (length < 1) throw invalid("A frame must have at least its flag byte");
      if (length > MAX_FRAME)
        throw invalid(`A frame of ${length} bytes is over the limit of ${MAX_FRAME}`, 413);
      if (rest.length < 3 + length) break;
      const flag = rest.readUInt8(3);
      frames.push({
        terminal: (flag & TERMINAL) !== 0,
        body: decompress(flag, rest.subarray(4, 3 + length)),
      });
      rest = rest.subarray(3 + length);
    }
    chunks = rest.length > 0 ? [rest] : [];
    size = rest.length;
    return frames;
  };
}

function decompress(flag: number, body: Buffer): Buffer {
  const compression = flag & COMPRESSION;
  if (compression === 0) return body;
  if (compression !== GZIP) throw invalid("This compression is not supported", 415);
  try {
    return gunzipSync(body, { maxOutputLength: MAX_FRAME });
  } catch (error) {
    throw invalid(`The gzip frame could not be read: ${(error as Error).message}`);
  }
}

export function decodeAppendInput(message: Buffer): AppendInput {
  const input: AppendInput = { records: [], matchSeq: undefined, fencingToken: undefined };
  for (const field of fields(message)) {
    if (field.number === 1) input.records.push(decodeRecord(bytesOf(field)));
    else if (field.number === 2) input.matchSeq = Number(varintOf(field));
    else if (field.number === 3) input.fencingToken = text(bytesOf(field));
  }
  return checked(input);
}

function decodeRecord(message: Buffer): NewRecord {
  let body: Buffer = Buffer.alloc(0);
  const headers: [Buffer, Buffer][] = [];
  for (const field of fields(message)) {
    if (field.number === 1) varintOf(field);
    else if (field.number === 2) headers.push(decodeHeader(bytesOf(field)));
    else if (field.number === 3) body = bytesOf(field);
  }
  return toRecord(body, headers);
}

function decodeHeader(message: Buffer): [Buffer, Buffer] {
  let name: Buffer = Buffer.alloc(0);
  let value: Buffer = Buffer.alloc(0);
  for (const field of fields(message)) {
    if (field.number === 1) name = bytesOf(field);
    else if (field.number === 2) value = bytesOf(field);
  }
  return [name, value];
}

export function decodeJsonInput(body: Buffer): AppendInput {
  const text = body.toString("utf8");
  requireShallow(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not valid JSON: ${(error as Error).message}`);
  }
  const { records, match_seq_num, fencing_token } = (value ?? {}) as Record<string, unknown>;
  if (!Array.isArray(records)) throw invalid("records must be an array");
  return checked({
    records: records.map(decodeJsonRecord),
    matchSeq: typeof match_seq_num === "number" ? match_seq_num : undefined,
    fencingToken: typeof fencing_token === "string" ? fencing_token : undefined,
  });
}

function decodeJsonRecord(value: unknown): NewRecord {
  const { body = "", headers = [] } = (value ?? {}) as { body?: unknown; headers?: unknown };
  if (typeof body !== "string") throw invalid("A record's body must be a string");
  if (!Array.isArray(headers)) throw invalid("A record's headers must be an array of pairs");
  const pairs = headers.map((header): [Buffer, Buffer] => {
    if (!Array.isArray(header) || typeof header[0] !== "string" || typeof header[1] !== "string") {
      throw invalid("A header must be a pair of strings");
    }
    return [Buffer.from(header[0]), Buffer.from(header[1])];
  });
  return toRecord(Buffer.from(body), pairs);
}

function toRecord(body: Buffer, headers: [Buffer, Buffer][]): NewRecord {
  const headerBytes = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const metered = 8 + 2 * headers.length + headerBytes + body.length;
  if (metered > MAX_RECORD_BYTES)
    throw invalid(`A record of ${metered} bytes is over the limit of 1 MiB`, 413);
  const pairs = headers.map(([name, value]): Header => [text(name), text(value)]);
  const [first] = pairs;
  if (first?.[0] !== "") {
    if (pairs.some(([name]) => name === "")) throw invalid("A header name must not be empty", 422);
    return pairs.length > 0 ? { body: text(body), headers: pairs } : { body: text(body) };
  }
  if (pairs.length > 1) throw invalid("A command record has exactly one header", 422);
  if (first[1] === "trim") {
    if (body.length !== 8) throw invalid("A trim command's body must be 8 bytes", 422);
    const target = body.readBigUInt64BE(0);
    return { body: "", headers: pairs, command: { trim: Number(target) } };
  }
  if (first[1] === "fence") return { body: "", headers: pairs, command: { fence: text(body) } };
  throw invalid(`Unknown command ${JSON.stringify(first[1].slice(0, 40))}`, 422);
}

function checked(input: AppendInput): AppendInput {
  if (input.records.length === 0) throw invalid("A batch must have at least one record", 422);
  if (input.records.length > MAX_BATCH_RECORDS) throw invalid("A batch must have at most 1000 records", 422);
  return input;
}

export function encodeAck(ack: Appended): Buffer {
  const parts = [ack.start, ack.end, ack.tail].flatMap((position, index) => {
    const encoded = encodePosition(position);
    return [Buffer.from([((index + 1) << 3) | 2]), encodeVarint(encoded.length), encoded];
  });
  return Buffer.concat(parts);
}

export function jsonAck({ start, end, tail }: Appended): unknown {
  return { start, end, tail };
}

function encodePosition(position: Position): Buffer {
  return Buffer.concat([
    Buffer.from([8]),
    encodeVarint(position.seq_num),
    Buffer.from([16]),
    encodeVarint(position.timestamp),
  ]);
}

export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

type Field = { number: number; value: bigint | Buffer };

function* fields(message: Buffer): Generator<Field> {
  const at = { offset: 0 };
  while (at.offset < message.length) {
    const tag = readVarint(message, at);
    const number = Number(tag >> 3n);
    if (number === 0) throw invalid("Field number 0 does not exist");
    switch (Number(tag & 7n)) {
      case 0:
        yield { number, value: readVarint(message, at) };
        break;
      case 1:
        skip(message, at, 8);
        break;
      case 2:
        yield { number, value: skip(message, at, Number(readVarint(message, at))) };
        break;
      case 5:
        skip(message, at, 4);
        break;
      default:
        throw invalid("Unknown protobuf wire type");
    }
  }
}

function skip(message: Buffer, at: { offset: number }, length: number): Buffer {
  const end = at.offset + length;
  if (end > message.length) throw invalid("The protobuf message is cut off");
  const bytes = message.subarray(at.offset, end);
  at.offset = end;
  return bytes;
}

function readVarint(message: Buffer, at: { offset: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = message[at.offset++];
    if (byte === undefined) throw invalid("The protobuf message is cut off");
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
  throw invalid("A protobuf number is too long");
}

function bytesOf(field: Field): Buffer {
  if (typeof field.value === "bigint") throw invalid(`Field ${field.number} must be bytes`);
  return field.value;
}

function varintOf(field: Field): bigint {
  if (typeof field.value !== "bigint") throw invalid(`Field ${field.number} must be a number`);
  return field.value;
}

function text(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid("Bodies and headers must be UTF-8 text", 422);
  }
}

function invalid(message: string, status = 400): HttpError {
  return new HttpError(status, message, { code: "invalid" });
}
