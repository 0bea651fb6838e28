/** What a person chose, and what of theirs moves when a guest becomes an account. */
import type { Db, DbClient } from "@/lib/db/client";

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
 * Everything that a guest has goes to the account, and the guest is gone: one transaction, so a chat that is begun in
 * this very moment is either moved or refused, and never lost with the guest. Safe to repeat.
 */
export function moveGuest(db: Db, { guestId, userId }: { guestId: string; userId: string }): Promise<void> {
  return db.$transaction(async (tx) => {
    const [guest] = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM "User" WHERE id = ${guestId} AND "isAnonymous" FOR UPDATE`;
    if (!guest || guestId === userId) return;
    await tx.$executeRaw`UPDATE "Chat" SET "userId" = ${userId} WHERE "userId" = ${guestId}`;
    await tx.$executeRaw`UPDATE "Attachment" SET "userId" = ${userId} WHERE "userId" = ${guestId}`;
    await tx.$executeRaw`UPDATE "HumanRequest" SET "decidedBy" = ${userId} WHERE "decidedBy" = ${guestId}`;
    await tx.$executeRaw`UPDATE "ToolPermission" SET "grantedBy" = ${userId} WHERE "grantedBy" = ${guestId}`;
    await tx.$executeRaw`UPDATE "Spending" SET "userId" = ${userId} WHERE "userId" = ${guestId}`;
    const chosen = await tx.userSettings.findUnique({ where: { userId: guestId } });
    if (chosen) {
      // What the account had chosen before stays.
      await tx.userSettings.createMany({
        data: [{ userId, defaultModel: chosen.defaultModel }],
        skipDuplicates: true,
      });
    }
    await tx.user.delete({ where: { id: guestId } });
  });
}
