import "server-only";
import { getUser, type SignedInUser } from "@/lib/auth";
import { findOwnedChat } from "@/lib/chat/queries";
import { db } from "@/lib/db";
import type { Chat } from "@/prisma/generated/client";
import { expectedError } from "./expected-error";

/** Who asks. Throws when nobody is signed in. */
export async function requireUser(): Promise<SignedInUser> {
  const user = await getUser();
  if (!user) throw expectedError("signed-out");
  return user;
}

/** The chat, if it is the asker's. Throws the same *not found* for a foreign, an unknown and a deleted one. */
export async function requireOwnChat(chatId: string): Promise<Chat> {
  const user = await requireUser();
  const owned = await findOwnedChat(db, chatId, user.id);
  if (!owned) throw expectedError("chat-not-found");
  return owned;
}
