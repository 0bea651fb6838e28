import { after } from "next/server";
import { AttachmentError, createAttachment, sweepAttachments, tooLarge } from "@/lib/attachments/attachments";
import { attachmentUrl } from "@/lib/attachments/limits";
import { readBody } from "@/lib/attachments/read-body";
import { attachmentStore } from "@/lib/attachments/store";
import { db } from "@/lib/db/client";
import { LimitError, limitResponse } from "@/lib/http/rate-limit";
import { isSameOrigin } from "@/lib/http/same-origin";
import { requireSomebody, takeTurn } from "@/app/(chat)/_chat/actions/owner";

/** One in this many uploads also deletes files that were never sent. */
const SWEEP_EVERY = 20;

/** Stores one file: the body is its bytes, `?name=` its name. Answers with the part for the message. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) return refuse(403, "Files are uploaded from this site's own pages.");
  try {
    const user = await requireSomebody();
    await takeTurn("uploads", user);
    const name = new URL(request.url).searchParams.get("name") ?? "";
    const bytes = await readBody(request);
    if (!bytes) throw tooLarge();
    const store = attachmentStore();
    const { id, ...row } = await createAttachment(db, store, { userId: user.id, name, bytes });
    if (Math.random() < 1 / SWEEP_EVERY) after(() => sweepAttachments(db, store));
    return Response.json(
      { type: "file", url: attachmentUrl(id), mediaType: row.mediaType, filename: row.name, size: row.size },
      { status: 201 },
    );
  } catch (error) {
    // Reads the rest of a refused body; otherwise the browser would report a broken connection.
    if (!request.bodyUsed) await readBody(request, { limit: 0 }).catch(() => {});
    if (error instanceof LimitError) return limitResponse(error);
    if (error instanceof AttachmentError) return refuse(error.status, error.message);
    console.error("An upload failed:", error);
    return refuse(500, "Couldn't store the file. Try again in a moment.");
  }
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store" } });
}
