/** A person's settings, and the move of everything a guest has to an account. */
import type { Db, DbClient } from "@/lib/db/client";
import { lockGuest, moveChats, moveDecisions, moveFiles, movePermissions, moveSpending } from "./guests.sql";

export type Settings = { defaultModel: string | null };

export async function readSettings(db: DbClient, userId: string): Promise<Settings> {
  const row = await db.userSettings.findUnique({ where: { userId } });
  return { defaultModel: row?.defaultModel ?? null };
}

export async function saveSettings(db: DbClient, userId: string, settings: Partial<Settings>): Promise<void> {
  await db.userSettings.upsert({
    where: { userId },
    create: { userId, ...settings },
    update: settings,
  });
}

/**
 * Moves everything that a guest has to the account and removes the guest. It is one transaction, so a chat that starts at
 * this moment is either moved or refused, and never lost with the guest. Safe to repeat.
 */
export function moveGuest(db: Db, { guestId, userId }: { guestId: string; userId: string }): Promise<void> {
  return db.$transaction(async (tx) => {
    const [guest] = await lockGuest(tx, guestId);
    if (!guest || guestId === userId) return;
    for (const move of [moveChats, moveFiles, moveDecisions, movePermissions, moveSpending])
      await move(tx, { guestId, userId });
    const chosen = await tx.userSettings.findUnique({ where: { userId: guestId } });
    if (chosen) {
      // The account's own earlier choice wins.
      await tx.userSettings.createMany({
        data: [{ userId, defaultModel: chosen.defaultModel }],
        skipDuplicates: true,
      });
    }
    await tx.user.delete({ where: { id: guestId } });
  });
}
