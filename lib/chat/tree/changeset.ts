import type { TranscriptChangeset } from "@trigger.dev/sdk/ai";
import type { Chat } from "@/prisma/generated/client";

/** What one save says. */
export type Changeset = Pick<TranscriptChangeset, "reason" | "changes" | "cursors"> & {
  /** Why the turn failed. */
  failure?: string | undefined;
  transcript?: TranscriptChangeset["transcript"];
};

/** What a save reads of its chat, under the lock of its row. */
export type LockedChat = Pick<
  Chat,
  "headId" | "title" | "status" | "lastOutEventId" | "lastInEventId" | "nextOrder" | "runId" | "runCreatedAt"
>;
