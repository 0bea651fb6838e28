/** Tools that a person allowed for the rest of a chat. */
import type { DbClient } from "@/lib/db/client";

/** Allows the tool in this chat. Allowing it twice changes nothing. */
export function permit(
  tx: DbClient,
  { chatId, tool, userId, now }: { chatId: string; tool: string; userId: string; now: Date },
) {
  return tx.toolPermission.createMany({
    data: [{ chatId, tool, grantedBy: userId, grantedAt: now }],
    skipDuplicates: true,
  });
}

/** The tools that do not ask in this chat, in the order in which they were allowed. */
export async function listPermissions(db: DbClient, chatId: string): Promise<string[]> {
  const rows = await db.toolPermission.findMany({ where: { chatId }, orderBy: { grantedAt: "asc" } });
  return rows.map(({ tool }) => tool);
}

/** Makes the tool ask again, from its next call. */
export async function revokePermission(db: DbClient, chatId: string, tool: string): Promise<void> {
  await db.toolPermission.deleteMany({ where: { chatId, tool } });
}
