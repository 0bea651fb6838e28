"use server";

import { BranchError, branchMove, type BranchMove } from "@/lib/chat/tree/branch-actions";
import { moveBranch as move } from "@/lib/chat/tree/move-branch";
import type { Transcript } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { expectedError } from "./expected-error";
import { requireUser } from "./owner";

/** Shows another branch of a chat, or another end of the shown one. Returns what is shown then. */
export async function moveBranch(chatId: string, given: BranchMove): Promise<Transcript> {
  const { id: userId } = await requireUser();
  const parsed = branchMove.safeParse(given);
  if (!parsed.success) throw expectedError("move-misshapen");
  try {
    return await move(db, { chatId, userId }, parsed.data);
  } catch (error) {
    if (!(error instanceof BranchError)) throw error;
    switch (error.code) {
      case "chat-not-found":
      case "message-not-found":
      case "answer-running":
        throw expectedError(error.code);
      case "not-a-question":
      case "no-question":
        throw error;
    }
  }
}
