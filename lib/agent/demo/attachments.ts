/** The demo model's answer about files: that each arrived whole, not what a picture shows. */
import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from "@ai-sdk/provider";
import { formatBytes } from "@/lib/attachments/limits";
import { isImage } from "@/lib/attachments/sniff";

const inlined = /^<attachment name="([^"]*)">\n([\s\S]*)\n<\/attachment>$/;

/** Text files arrive as text parts, which are not the person's words. */
export function isInlinedFile(text: string): boolean {
  return inlined.test(text);
}

/** A sentence about a file; undefined for other parts. */
export function describeFile(part: LanguageModelV4FilePart | LanguageModelV4TextPart): string | undefined {
  if (part.type === "text") {
    const [, name, content = ""] = inlined.exec(part.text) ?? [];
    if (name === undefined) return undefined;
    const [first = "", ...others] = content.split("\n");
    const lines = others.length === 0 ? "one line" : `${others.length + 1} lines`;
    return `I received the text file **${name}**, ${formatBytes(new TextEncoder().encode(content).length)}, ${lines}. It begins: "${first.slice(0, 120)}"`;
  }
  const kind = isImage(part.mediaType) ? "an image" : "a document";
  const { data } = part;
  const size = data.type === "data" ? `, ${formatBytes(byteLength(data.data))}` : "";
  return `I received ${kind} **${part.filename ?? "without a name"}**${size}, ${part.mediaType}. I'm scripted and can't look inside; a real model can.`;
}

function byteLength(data: Uint8Array | string): number {
  return typeof data === "string" ? Buffer.from(data, "base64").length : data.length;
}
