"use server";

import { after } from "next/server";
import { z } from "zod";
import * as changes from "@/lib/chat/chats/changes";
import { copyChat as copy } from "@/lib/chat/chats/copy";
import { plainLine } from "@/lib/chat/plain-line";
import * as shares from "@/lib/chat/chats/share";
import { db } from "@/lib/db/client";
import { endSessions } from "@/lib/jobs/end-sessions";
import { idInAddress } from "../reads/answer-read";
import { expectedError } from "./expected-error";
import { requireUser, takeTurn } from "./owner";

const title = z.string().transform(plainLine);

/** A title is stored on one line. */
export async function renameChat(chatId: string, newTitle: string): Promise<string> {
  const user = await requireUser();
  const parsed = title.safeParse(newTitle);
  if (!parsed.success || parsed.data === "") throw expectedError("title-empty");
  if (parsed.data.length > 120) throw expectedError("title-too-long");
  await requireFound(changes.renameChat(db, { chatId, userId: user.id }, parsed.data));
  return parsed.data;
}

export async function setChatPinned(chatId: string, isPinned: boolean): Promise<void> {
  const user = await requireUser();
  await requireFound(changes.setChatPinned(db, { chatId, userId: user.id }, isPinned === true));
}

export async function setChatArchived(chatId: string, isArchived: boolean): Promise<void> {
  const user = await requireUser();
  await requireFound(changes.setChatArchived(db, { chatId, userId: user.id }, isArchived === true));
}

export async function markChatRead(chatId: string): Promise<void> {
  const user = await requireUser();
  await requireFound(changes.markChatRead(db, { chatId, userId: user.id }));
}

/** Deletes the chat until `restoreChat`. If the engine can't be reached now, the sweep informs it later. */
export async function deleteChat(chatId: string): Promise<void> {
  const user = await requireUser();
  await requireFound(changes.deleteChat(db, { chatId, userId: user.id }));
  after(async () => {
    await endSessions(db, [chatId]).catch(() => {});
    await changes.sweepDeletedChats(db);
  });
}

export async function restoreChat(chatId: string): Promise<void> {
  const user = await requireUser();
  await requireFound(changes.restoreChat(db, { chatId, userId: user.id }));
}

const branch = z.object({ headId: idInAddress.optional() }).optional();

/** Copies the whole tree of the chat, or one branch: the given one, else the shown one. Returns the new chat's id. */
export async function copyChat(chatId: string, only?: z.input<typeof branch>): Promise<string> {
  const user = await requireUser();
  await takeTurn("copies", user);
  const parsed = branch.safeParse(only);
  const id = parsed.success && (await copy(db, { chatId, userId: user.id, branch: parsed.data }));
  if (!id) throw expectedError("chat-not-found");
  return id;
}

/**
 * Creates a read-only link to the branch that ends at `headId`, or to the shown one. Its token is returned only here.
 */
export async function shareChat(chatId: string, headId?: string): Promise<{ path: string }> {
  const user = await requireUser();
  const parsed = idInAddress.optional().safeParse(headId);
  if (!parsed.success) throw expectedError("chat-not-found");
  const head = parsed.data === undefined ? {} : { headId: parsed.data };
  const outcome = await shares.createShare(db, { chatId, userId: user.id, ...head });
  if ("token" in outcome) return { path: `/share/${outcome.token}` };
  switch (outcome.refused) {
    case "not-found":
      throw expectedError("chat-not-found");
    case "empty":
      throw expectedError("nothing-to-share");
    case "too-many":
      throw expectedError("too-many-links");
  }
}

export async function revokeShare(id: string): Promise<void> {
  const user = await requireUser();
  if (!idInAddress.safeParse(id).success || !(await shares.revokeShare(db, { id, userId: user.id })))
    throw expectedError("link-not-found");
}

async function requireFound(change: Promise<boolean>): Promise<void> {
  if (!(await change)) throw expectedError("chat-not-found");
}
