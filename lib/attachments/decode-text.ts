/**
 * Decodes text files of any program: Excel saves CSV as UTF-16 or Windows-1252, and logs can contain control bytes.
 * Stored text is always UTF-8.
 */

/** ESC starts the color codes of a terminal log. */
const ESC = 0x1b;
/** A file with more control bytes than this number and this share of its bytes is binary. */
const MOST_CONTROLS = 2;
const CONTROLS_SHARE = 1 / 200;

/** @returns The text without a byte-order mark, or null for a binary file. */
export function decodeText(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decodeUtf16(bytes, "utf-16le");
  if (first === 0xfe && second === 0xff) return decodeUtf16(bytes, "utf-16be");
  const controls = countControls(bytes);
  if (controls > Math.max(MOST_CONTROLS, bytes.length * CONTROLS_SHARE)) return null;
  return decode(bytes, "utf-8") ?? (controls === 0 ? decodeWindows1252(bytes) : null);
}

function decodeUtf16(bytes: Uint8Array, encoding: "utf-16le" | "utf-16be"): string | null {
  if (bytes.length % 2 !== 0) return null;
  const text = decode(bytes, encoding);
  return text !== null && text.isWellFormed() ? text : null;
}

/** Bytes 0x80 to 0x9f in Windows-1252. A space marks the five undefined ones. */
const FROM_80_TO_9F = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/** `TextDecoder` isn't used because Node 20 decodes 0x80 to 0x9f as control characters. */
function decodeWindows1252(bytes: Uint8Array): string | null {
  let isText = true;
  const text = Buffer.from(bytes)
    .toString("latin1")
    .replace(/[\u0080-\u009f]/g, (byte) => {
      const character = FROM_80_TO_9F[byte.charCodeAt(0) - 0x80] ?? " ";
      isText &&= character !== " ";
      return character;
    });
  return isText ? text : null;
}

/** Null if the bytes are invalid in this encoding. */
function decode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function countControls(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== ESC) count += 1;
  return count;
}
