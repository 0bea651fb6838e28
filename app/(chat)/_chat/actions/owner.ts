import "server-only";
import { cookies, headers } from "next/headers";
import { becomeGuest, getUser, type SignedInUser } from "@/lib/auth";
import { clientAddress } from "@/lib/http/client-address";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { countUse, type CountedLimit } from "@/lib/http/rate-limit";
import type { Chat } from "@/prisma/generated/client";
import { expectedError } from "./expected-error";

/** The signed-in user. Throws if nobody is signed in. */
export async function requireUser(): Promise<SignedInUser> {
  const user = await getUser();
  if (!user) throw expectedError("signed-out");
  return user;
}

/**
 * The current user. Creates a guest for a visitor without an account: call it for the first action that needs a user.
 */
export async function requireSomebody(): Promise<SignedInUser> {
  const user = await getUser();
  if (user) return user;
  const guest = await becomeGuest(await headers());
  const jar = await cookies();
  for (const { name, value, options } of guest.cookies) jar.set(name, value, options);
  return guest.user;
}

/** Counts an action of `user` against its limit. Throws the sentence to show when there were too many. */
export async function takeTurn(limit: CountedLimit, user: SignedInUser): Promise<void> {
  const address = clientAddress({ headers: await headers() });
  await countUse(limit, { userId: user.id, address });
}

/**
 * The chat, if it belongs to the current user. Throws the same *not found* for a foreign, an unknown and a deleted
 * chat.
 */
export async function requireOwnChat(chatId: string): Promise<Chat> {
  const user = await requireUser();
  const owned = await findOwnedChat(db, chatId, user.id);
  if (!owned) throw expectedError("chat-not-found");
  return owned;
}
