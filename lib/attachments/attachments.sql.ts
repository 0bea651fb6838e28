/** Statements about attachments. */
import { command, integer, orNull, query, sql, text, timestamp } from "@/lib/db/statement";

/** Locks the person's uploads until the transaction ends, so that they are counted one at a time. */
export const lockUploadsOf = command(
  (userId: string) => sql`SELECT pg_advisory_xact_lock(hashtextextended(${`attachments:${userId}`}, 0))`,
  ["a-person"],
);

/** Deletes and returns the row unless a chat uses the file. The caller can restore it. */
export const removeUnusedAttachment = query(
  {
    id: text(),
    userId: orNull(text()),
    name: text(),
    mediaType: text(),
    size: integer(),
    createdAt: timestamp(),
  },
  (id: string) => sql`
    DELETE FROM "Attachment" WHERE id = ${id}
      AND NOT EXISTS (SELECT 1 FROM "ChatAttachment" WHERE "attachmentId" = ${id})
    RETURNING id, "userId", name, "mediaType", size, "createdAt"`,
  ["an-attachment"],
);

/** Links the file to every chat with a message that contains `part`. */
export const giveToChatsWith = command(
  (id: string, part: unknown) => sql`
    INSERT INTO "ChatAttachment" ("chatId", "attachmentId")
    SELECT DISTINCT m."chatId", a.id
      FROM "Attachment" a
      JOIN "Chat" c ON c."userId" = a."userId" OR a."userId" IS NULL
      JOIN "Message" m ON m."chatId" = c.id AND m.role = 'user'
        AND m.message @> ${JSON.stringify({ parts: [part] })}::jsonb
      WHERE a.id = ${id}
    ON CONFLICT DO NOTHING`,
  ["an-attachment", { type: "file", url: "/attachments/an-attachment" }],
);
