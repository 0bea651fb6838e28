/**
 * How the model gets what is attached. A message names its files; just before the model is called, each name gives way
 * to the bytes. So the transcript stays small, and a file that is gone does not end the chat.
 */
import type { LanguageModelV4, LanguageModelV4FilePart, LanguageModelV4TextPart } from "@ai-sdk/provider";
import { wrapLanguageModel } from "ai";
import { visibleAttachments, type AttachmentRow } from "@/lib/attachments/attachments";
import type { AttachmentStore } from "@/lib/attachments/attachment-store";
import { attachmentStore } from "@/lib/attachments/store";
import { withRetry } from "@/lib/db/retry";
import type { DbClient } from "@/lib/db/client";

/** About what the larger models take beside a conversation. */
const MAX_TEXT_LENGTH = 200_000;

type Found = { row: AttachmentRow; bytes: Uint8Array };
type Part = LanguageModelV4FilePart | LanguageModelV4TextPart;

export type AttachmentSource = { db: DbClient; userId: string; store?: AttachmentStore };

/**
 * The same model, for one turn of one owner: attachments of theirs reach it as images, PDFs or text. Each is read once,
 * however many steps the turn takes.
 */
export function withAttachments(model: LanguageModelV4, source: AttachmentSource): LanguageModelV4 {
  const seen = new Map<string, Promise<Found | null>>();
  function find(id: string): Promise<Found | null> {
    const known = seen.get(id) ?? read(source, id);
    seen.set(id, known);
    return known;
  }

  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: "v4",
      async transformParams({ params }) {
        const prompt = await Promise.all(
          params.prompt.map(async (message) => {
            if (message.role !== "user") return message;
            const content = await Promise.all(
              message.content.map(async (part) => (part.type === "file" ? resolve(part, find) : part)),
            );
            return { ...message, content };
          }),
        );
        return { ...params, prompt };
      },
    },
  });
}

async function resolve(
  part: LanguageModelV4FilePart,
  find: (id: string) => Promise<Found | null>,
): Promise<Part> {
  const id = part.data.type === "reference" ? part.data.reference.holdfast : undefined;
  if (id === undefined) return part;
  const found = await find(id);
  if (!found) return text(`[The attachment ${part.filename ?? ""} is no longer available.]`);
  const { row, bytes } = found;
  if (row.mediaType === "text/plain") return text(inlined(row.name, bytes));
  return { type: "file", filename: row.name, mediaType: row.mediaType, data: { type: "data", data: bytes } };
}

function inlined(name: string, bytes: Uint8Array): string {
  const whole = new TextDecoder().decode(bytes);
  const shown = whole.slice(0, MAX_TEXT_LENGTH);
  const cut = whole.length - shown.length;
  const note = cut > 0 ? `\n[${cut.toLocaleString("en-US")} more characters were left out.]` : "";
  return `<attachment name="${name.replaceAll(/["<>&]/g, "_")}">\n${shown}${note}\n</attachment>`;
}

function text(value: string): LanguageModelV4TextPart {
  return { type: "text", text: value };
}

function read(
  { db, userId, store = attachmentStore() }: AttachmentSource,
  id: string,
): Promise<Found | null> {
  return withRetry(
    async () => {
      const [row] = await visibleAttachments(db, userId, [id]);
      const bytes = row && (await store.get(id));
      return bytes ? { row, bytes } : null;
    },
    { doing: `Reading attachment ${id}` },
  );
}
