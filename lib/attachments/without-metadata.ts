/**
 * Removes metadata from images: location, time, camera and author. Pixels, frames and colors stay the same. An image
 * that needs its orientation tag is rotated.
 */
import type { AcceptedType } from "./accepted-types";

/** Returns the image without its metadata. A truncated or damaged file is kept up to the last readable byte. */
export async function withoutMetadata(bytes: Uint8Array, mediaType: AcceptedType): Promise<Uint8Array> {
  switch (mediaType) {
    case "image/jpeg":
      return (await turned(bytes)) ?? stripJpeg(bytes);
    case "image/png":
      return stripPng((await turned(bytes)) ?? bytes);
    case "image/webp":
      return stripWebp((await turned(bytes)) ?? bytes);
    case "image/gif":
      return stripGif(bytes);
    case "application/pdf":
    case "text/plain":
      return bytes;
  }
}

/** Undefined if the image is upright or animated, or if sharp isn't available on this machine. */
async function turned(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const { default: sharp } = await import("sharp");
    const { orientation = 1, pages = 1, format } = await sharp(bytes).metadata();
    if (orientation <= 1 || pages > 1) return undefined;
    const upright = sharp(bytes).autoOrient().keepIccProfile();
    // Sharp writes no metadata unless it is told to.
    return await (
      format === "jpeg" ? upright.jpeg({ quality: 92, chromaSubsampling: "4:4:4" }) : upright
    ).toBuffer();
  } catch {
    return undefined;
  }
}

const JPEG = { start: 0xd8, end: 0xd9, scan: 0xda, comment: 0xfe, app1: 0xe1, app2: 0xe2, app13: 0xed };

/** Removes EXIF and XMP (APP1), IPTC (APP13), comments, further images (MPF) and trailing bytes. */
function stripJpeg(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === JPEG.scan) {
      kept.push(bytes.subarray(at, endOfJpeg(bytes, at)));
      return join(kept);
    }
    const length = 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    const segment = bytes.subarray(at, at + length);
    const isFurtherPictures = marker === JPEG.app2 && startsWith(segment, 4, "MPF\0");
    const isMetadata = [JPEG.app1, JPEG.app13, JPEG.comment].includes(marker) || isFurtherPictures;
    if (!isMetadata) kept.push(segment);
    else if (startsWith(segment, 4, "Exif\0")) {
      // Keeps the orientation of an image that couldn't be rotated.
      const orientation = orientationOf(segment);
      if (orientation > 1) kept.push(exifWith(orientation));
    }
    at += length;
  }
  kept.push(bytes.subarray(at));
  return join(kept);
}

/** Tables and more scans can follow a scan, so only the end marker ends the image. */
function endOfJpeg(bytes: Uint8Array, from: number): number {
  for (let at = from + 2; at + 1 < bytes.length; at++)
    if (bytes[at] === 0xff && bytes[at + 1] === JPEG.end) return at + 2;
  return bytes.length;
}

/** From a TIFF header within an APP1 segment. */
function orientationOf(segment: Uint8Array): number {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const tiff = 10;
  if (segment.length < tiff + 8) return 1;
  const isLittle = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  if (directory + 2 > segment.length) return 1;
  const entries = view.getUint16(directory, isLittle);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > segment.length) return 1;
    if (view.getUint16(entry, isLittle) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, isLittle);
    return value <= 8 ? value : 1;
  }
  return 1;
}

/** An APP1 segment with only the orientation. */
function exifWith(orientation: number): Uint8Array {
  const tiff = [
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const content = [...Buffer.from("Exif\0\0", "latin1"), ...tiff];
  return Uint8Array.from([0xff, JPEG.app1, 0, content.length + 2, ...content]);
}

const PNG_METADATA = new Set(["eXIf", "tEXt", "zTXt", "iTXt", "tIME"]);

function stripPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at);
    const type = textAt(bytes, at + 4, 4);
    if (!PNG_METADATA.has(type)) kept.push(bytes.subarray(at, end));
    if (type === "IEND") return join(kept);
    at = end;
  }
  kept.push(bytes.subarray(at));
  return join(kept);
}

function stripWebp(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.slice(0, 12)];
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    const type = textAt(bytes, at, 4);
    if (type === "VP8X") {
      const header = bytes.slice(at, end);
      // Clears the flags for EXIF and XMP.
      header[8] = (header[8] ?? 0) & 0b1111_0011;
      kept.push(header);
    } else if (type !== "EXIF" && type !== "XMP ") kept.push(bytes.subarray(at, end));
    at = end;
  }
  const whole = join(kept);
  new DataView(whole.buffer).setUint32(4, whole.length - 8, true);
  return whole;
}

/** Removes comments, plain text and application blocks, except the one that loops an animation. */
function stripGif(bytes: Uint8Array): Uint8Array {
  const tableSize = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableSize(bytes[10] ?? 0);
  const kept: Uint8Array[] = [bytes.subarray(0, at)];
  const afterBlocks = (from: number) => {
    let next = from;
    while (next < bytes.length && bytes[next] !== 0) next += 1 + bytes[next]!;
    return next + 1;
  };
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === 0x21) {
      const label = bytes[at + 1];
      const end = afterBlocks(at + 2);
      const repeats = label === 0xff && /^(?:NETSCAPE|ANIMEXTS)/.test(textAt(bytes, at + 3, 8));
      if (label === 0xf9 || repeats) kept.push(bytes.subarray(at, end));
      at = end;
    } else if (kind === 0x2c) {
      const end = afterBlocks(at + 11 + tableSize(bytes[at + 9] ?? 0));
      kept.push(bytes.subarray(at, end));
      at = end;
    } else {
      // The trailer. Bytes after it are dropped.
      kept.push(Uint8Array.of(0x3b));
      break;
    }
  }
  return join(kept);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  return textAt(bytes, at, text.length) === text;
}

function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}
