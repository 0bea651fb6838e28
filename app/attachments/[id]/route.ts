import { visibleAttachments } from "@/lib/attachments/attachments";
import { attachmentId } from "@/lib/attachments/limits";
import { isImage } from "@/lib/attachments/sniff";
import { attachmentStore } from "@/lib/attachments/store";
import { getUser } from "@/lib/auth";
import { db } from "@/lib/db/client";

/** One file, for its owner and for owners of a chat that shows it. Not found for everyone else. */
export async function GET(request: Request): Promise<Response> {
  const id = attachmentId(new URL(request.url).pathname);
  const user = id && (await getUser());
  const [row] = user ? await visibleAttachments(db, user.id, [id]) : [];
  const bytes = row && (await attachmentStore().get(row.id));
  if (!bytes)
    return Response.json(
      { error: "File not found. It may have been deleted or belong to someone else." },
      { status: 404 },
    );
  const isShown = isImage(row.mediaType);
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": row.mediaType === "text/plain" ? "text/plain; charset=utf-8" : row.mediaType,
      "content-length": String(bytes.length),
      "content-disposition": `${isShown ? "inline" : "attachment"}; filename*=UTF-8''${encodeName(row.name)}`,
      // The bytes at an address never change, but access can, so no shared cache may store them.
      "cache-control": "private, max-age=86400, immutable",
      // The file's type isn't trusted: nothing in it may run, and no other site may embed it.
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
    },
  });
}

/** RFC 5987 encoding: `encodeURIComponent` leaves a few characters that the header doesn't allow. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
