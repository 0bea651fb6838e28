import { after } from "next/server";
import { AttachmentError, createAttachment, sweepAttachments, tooLarge } from "@/lib/attachments/attachments";
import { attachmentUrl, MAX_FILE_BYTES } from "@/lib/attachments/limits";
import { attachmentStore } from "@/lib/attachments/store";
import { db } from "@/lib/db";
import { LimitError, tooMany } from "@/lib/rate-limit";
import { isSameOrigin } from "@/lib/same-origin";
import { requireSomebody, takeTurn } from "../chat/owner";

/** About one upload in so many also clears away what nobody sent. */
const SWEEP_EVERY = 20;

/** Takes one file: its bytes are the body, its name is `?name=`. Answers with the part that a message carries. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) return refuse(403, "Files are uploaded from this site's own pages.");
  try {
    const user = await requireSomebody();
    await takeTurn("uploads", user);
    const name = new URL(request.url).searchParams.get("name") ?? "";
    const bytes = await readBody(request);
    const store = attachmentStore();
    const { id, ...row } = await createAttachment(db, store, { userId: user.id, name, bytes });
    if (Math.random() < 1 / SWEEP_EVERY) after(() => sweepAttachments(db, store));
    return Response.json(
      { type: "file", url: attachmentUrl(id), mediaType: row.mediaType, filename: row.name, size: row.size },
      { status: 201 },
    );
  } catch (error) {
    if (error instanceof LimitError) return tooMany(error);
    if (error instanceof AttachmentError) return refuse(error.status, error.message);
    console.error("An upload failed:", error);
    return refuse(500, "The file could not be stored. Try again in a moment.");
  }
}

/** Stops reading at the limit, whatever the request says about its length. */
async function readBody(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > MAX_FILE_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    length += next.value.length;
    if (length > MAX_FILE_BYTES) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(next.value);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store" } });
}
