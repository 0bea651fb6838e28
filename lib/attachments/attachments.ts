/** The attachments of people and chats: adding, reading and removing them. */
import * as limits from "./limits";
import { decodeText } from "./decode-text";
import { heifToJpeg, isHeif } from "./heif";
import { sniff } from "./sniff";
import type { AttachmentStore } from "./attachment-store";
import { withoutMetadata } from "./without-metadata";
import { InvalidMessageError, type ChatMessage } from "@/lib/chat/message";
import { failuresOf } from "@/lib/db/batches";
import type { Db, DbClient } from "@/lib/db/client";
import type { Attachment } from "@/prisma/generated/client";
import { giveToChatsWith, lockUploadsOf, removeUnusedAttachment } from "./attachments.sql";

export type AttachmentRow = Pick<Attachment, "id" | "name" | "mediaType" | "size">;

/** A refused file. The message is shown to the person who chose it. */
export class AttachmentError extends Error {
  override name = "AttachmentError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type NewAttachment = { userId: string; name: string; bytes: Uint8Array };

/** Stores a file, or throws `AttachmentError` with the reason. */
export async function createAttachment(
  db: Db,
  store: AttachmentStore,
  { userId, name, bytes }: NewAttachment,
): Promise<AttachmentRow> {
  if (bytes.length === 0) throw new AttachmentError(400, "This file is empty.");
  if (bytes.length > limits.MAX_FILE_BYTES) throw tooLarge();
  const file = await asReadByModels({ name: cleanName(name), bytes });
  const data = { id: crypto.randomUUID(), userId, ...file.row, size: file.bytes.length };
  await db.$transaction(async (transaction) => {
    // Ten parallel uploads would each fit the limit, so they are counted one at a time.
    await lockUploadsOf(transaction, userId);
    await checkRoom(transaction, userId, file.bytes.length);
    await transaction.attachment.create({ data });
  });
  try {
    await store.put(data.id, file.bytes);
  } catch (error) {
    await db.attachment.delete({ where: { id: data.id } });
    throw error;
  }
  return data;
}

/** Returns the bytes to store: text as UTF-8, images without metadata, HEIF images as JPEG. Throws `AttachmentError` for a type that no model reads. */
async function asReadByModels({ name, bytes }: { name: string; bytes: Uint8Array }) {
  const mediaType = sniff(bytes);
  if (mediaType === "text/plain") {
    const text = decodeText(bytes) ?? "";
    return { row: { name, mediaType }, bytes: new TextEncoder().encode(text) };
  }
  if (mediaType) return { row: { name, mediaType }, bytes: await withoutMetadata(bytes, mediaType) };
  if (!isHeif(bytes))
    throw new AttachmentError(415, "Unsupported file type. Use images (PNG, JPEG, GIF, WebP), PDF or text.");
  const jpeg = await heifToJpeg(bytes);
  if (!jpeg)
    throw new AttachmentError(
      415,
      "This HEIC photo can't be read here. Save it as JPEG first: on an iPhone, choose it from the photo library, or set Settings > Camera > Formats to Most Compatible.",
    );
  const jpegName = `${name.replace(/\.(?:heic|heif|hif|avif)$/i, "")}.jpg`;
  return { row: { name: jpegName, mediaType: "image/jpeg" as const }, bytes: jpeg };
}

export function tooLarge(): AttachmentError {
  return new AttachmentError(
    413,
    `This file is too large: ${limits.formatBytes(limits.MAX_FILE_BYTES)} is the limit. Send a smaller file.`,
  );
}

async function checkRoom(db: DbClient, userId: string, size: number): Promise<void> {
  const used = await db.attachment.aggregate({ where: { userId }, _sum: { size: true } });
  if ((used._sum.size ?? 0) + size > limits.OWNER_QUOTA_BYTES) {
    throw new AttachmentError(
      413,
      `Your attachments would take more than ${limits.formatBytes(limits.OWNER_QUOTA_BYTES)}. Delete a chat with files that you no longer need.`,
    );
  }
}

/** The file's name without folders and without characters that don't fit on one line. */
function cleanName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  // With a direction override, "gnp.exe" would be displayed as "exe.png".
  const shown = last.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();
  return shown.slice(0, limits.MAX_NAME_LENGTH) || "file";
}

/** Returns those of `ids` that this person owns directly or through a chat. Other ids are left out. */
export function visibleAttachments(db: DbClient, userId: string, ids: string[]): Promise<AttachmentRow[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return db.attachment.findMany({
    where: { id: { in: ids }, OR: [{ userId }, { chats: { some: { chat: { userId, deletedAt: null } } } }] },
    select: { id: true, name: true, mediaType: true, size: true },
  });
}

/**
 * Links the files of a message to its chat and returns the message with their real media types. Throws
 * `InvalidMessageError` if a file doesn't exist or belongs to someone else.
 */
export async function claimAttachments(
  db: DbClient,
  chat: { id: string; userId: string },
  message: ChatMessage,
): Promise<ChatMessage> {
  const ids = [...new Set(attachmentIds(message))];
  if (ids.length === 0) return message;
  const rows = new Map((await visibleAttachments(db, chat.userId, ids)).map((row) => [row.id, row]));
  const parts = message.parts.map((part) => {
    if (part.type !== "file") return part;
    const row = rows.get(limits.attachmentId(part.url) ?? "");
    if (!row) {
      const name = part.filename ? `"${part.filename}"` : "A file of this message";
      throw new InvalidMessageError(
        `${name} is no longer available. Attach it again and resend the message.`,
      );
    }
    return {
      type: "file" as const,
      url: limits.attachmentUrl(row.id),
      mediaType: row.mediaType,
      filename: row.name,
      providerReference: { holdfast: row.id },
    };
  });
  await db.chatAttachment.createMany({
    data: ids.map((id) => ({ chatId: chat.id, attachmentId: id })),
    skipDuplicates: true,
  });
  return { ...message, parts };
}

function attachmentIds(message: Pick<ChatMessage, "parts">): string[] {
  return message.parts.flatMap((part) => (part.type === "file" ? (limits.attachmentId(part.url) ?? []) : []));
}

const ONE_DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Deletes files that no chat uses: files without an owner at once, and unsent files or files of deleted chats one day
 * after their upload. Returns the number of deleted files. A file that a copied message refers to is linked to its chat.
 */
export async function sweepAttachments(
  db: Db,
  store: AttachmentStore,
  { now = new Date(), limit = 50 }: { now?: Date; limit?: number } = {},
): Promise<number> {
  const loose = await db.attachment.findMany({
    where: {
      OR: [{ createdAt: { lt: new Date(now.getTime() - ONE_DAY_MS) } }, { userId: null }],
      chats: { none: {} },
    },
    select: { id: true },
    orderBy: { createdAt: "asc" },
    take: limit,
  });
  const unused: string[] = [];
  for (const { id } of loose) {
    const chats = await giveToChatsWith(db, id, { type: "file", url: limits.attachmentUrl(id) });
    if (chats === 0) unused.push(id);
  }
  return deleteAttachments(db, store, unused);
}

/**
 * Deletes the files among `ids` that no chat uses, with their bytes. Returns the number of deleted files. If the store
 * fails for some files, the others are still deleted and the promise rejects; a later sweep deletes the rest.
 */
export async function deleteAttachments(db: Db, store: AttachmentStore, ids: string[]): Promise<number> {
  let deleted = 0;
  const failures = await failuresOf(
    ids,
    async (id) => {
      // The row is deleted first, so that a crash leaves unused bytes and never an attachment without bytes.
      const [row] = await removeUnusedAttachment(db, id);
      if (!row) return;
      try {
        await store.delete(id);
        deleted += 1;
      } catch (error) {
        await db.attachment.create({ data: { ...row, userId: null } });
        throw error;
      }
    },
    1,
  );
  if (failures.length > 0) throw failures[0];
  return deleted;
}
