/** Detects a file's type from its bytes, because its name and claimed type can't be trusted. */

import { decodeText } from "./decode-text";

import type { AcceptedType } from "./accepted-types";

const signatures: Array<{ type: AcceptedType; bytes: Array<number | null> }> = [
  { type: "image/png", bytes: [0x89, ...ascii("PNG"), 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", bytes: ascii("GIF87a") },
  { type: "image/gif", bytes: ascii("GIF89a") },
  { type: "image/webp", bytes: [...ascii("RIFF"), null, null, null, null, ...ascii("WEBP")] },
  { type: "application/pdf", bytes: ascii("%PDF-") },
];

/** Null for an unsupported type. All text is `text/plain`, so that HTML and scripts are never served as such. */
export function sniff(bytes: Uint8Array): AcceptedType | null {
  const known = signatures.find((signature) =>
    signature.bytes.every((byte, index) => byte === null || bytes[index] === byte),
  );
  return known?.type ?? (decodeText(bytes) === null ? null : "text/plain");
}

export function isImage(mediaType: string): boolean {
  return mediaType.startsWith("image/");
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
