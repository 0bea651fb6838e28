import "server-only";
import { cookies, headers } from "next/headers";
import { becomeGuest, getUser, type SignedInUser } from "@/lib/auth";
import { clientAddress } from "@/lib/http/client-address";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { countUse, type CountedLimit } from "@/lib/http/rate-limit";
import type { Chat } from "@/prisma/generated/client";
import { expectedError } from "./expected-error";

/** Who asks. Throws when nobody is signed in. */
export async function requireUser(): Promise<SignedInUser> {
  const user = await getUser();
  if (!user) throw expectedError("signed-out");
  return user;
}

/** The person who asks. A visitor without an account becomes a guest: call it where a person does the first thing that needs one. */
export async function requireSomebody(): Promise<SignedInUser> {
  const user = await getUser();
  if (user) return user;
  const guest = await becomeGuest(await headers());
  const jar = await cookies();
  for (const { name, value, options } of guest.cookies) jar.set(name, value, options);
  return guest.user;
}

/** Counts what `user` does now. Throws what the page says when that was too often. */
export async function takeTurn(limit: CountedLimit, user: SignedInUser): Promise<void> {
  const address = clientAddress({ headers: await headers() });
  await countUse(limit, { userId: user.id, address });
}

/** The chat, if it is the asker's. Throws the same *not found* for a foreign, an unknown and a deleted one. */
export async function requireOwnChat(chatId: string): Promise<Chat> {
  const user = await requireUser();
  const owned = await findOwnedChat(db, chatId, user.id);
  if (!owned) throw expectedError("chat-not-found");
  return owned;
}
