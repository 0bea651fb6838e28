import type { DbClient } from "@/lib/db/client";
import { env } from "@/lib/env";
import { LimitError } from "@/lib/http/rate-limit";

const TRY_AGAIN_AFTER_SECONDS = 15;
/** Longer than any turn: what still counts as running then was forgotten. */
const AN_HOUR_MS = 60 * 60 * 1000;

/** Throws `LimitError` when as many answers of that person are being written as may be, besides the one of this chat. */
export async function requireRoomForAnswer(
  db: DbClient,
  { userId, chatId }: { userId: string; chatId: string },
): Promise<void> {
  const running = await db.chat.count({
    where: {
      userId,
      id: { not: chatId },
      status: "running",
      deletedAt: null,
      updatedAt: { gt: new Date(Date.now() - AN_HOUR_MS) },
    },
  });
  if (running >= env.LIMIT_PARALLEL_ANSWERS) throw new LimitError("answers", TRY_AGAIN_AFTER_SECONDS);
}
