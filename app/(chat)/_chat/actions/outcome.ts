"use server";

import { z } from "zod";
import { readOutcome, settleEffect, type Outcome } from "@/lib/chat/effects/outcomes";
import { db } from "@/lib/db/client";
import { idInAddress } from "../reads/answer-read";
import { expectedError } from "./expected-error";
import { requireOwnChat } from "./owner";

const outcome = z.enum(["happened", "did-not-happen"]);

/** Saves the owner's answer about an effect's outcome. The first answer counts; returns the stored one. */
export async function settleOutcome(chatId: string, effect: string, found: string): Promise<Outcome> {
  const { id, userId } = await requireOwnChat(chatId);
  const [named, said] = [idInAddress.safeParse(effect), outcome.safeParse(found)];
  if (!named.success || !said.success) throw expectedError("outcome-not-found");
  await settleEffect(db, { chatId: id, key: named.data }, { outcome: said.data }, userId);
  const known = await readOutcome(db, { chatId: id, key: named.data });
  if (!known) throw expectedError("outcome-not-found");
  return known;
}
