"use server";

import { z } from "zod";
import { readOutcome as read, settleEffect, type Outcome } from "@/lib/chat/effects";
import { db } from "@/lib/db";
import { expectedError } from "./expected-error";
import { requireOwnChat } from "./owner";

const key = z.string().min(1).max(100);
const outcome = z.enum(["happened", "did-not-happen"]);

/** Whether a tool's effect in the asker's chat happened, as far as it is known by now. */
export async function readOutcome(chatId: string, effect: string): Promise<Outcome> {
  const { id } = await requireOwnChat(chatId);
  return known(id, effect);
}

/** What the chat's owner has found out about an effect. Returns what is known from now on: the first word counts. */
export async function settleOutcome(chatId: string, effect: string, found: string): Promise<Outcome> {
  const { id, userId } = await requireOwnChat(chatId);
  const [named, said] = [key.safeParse(effect), outcome.safeParse(found)];
  if (!named.success || !said.success) throw expectedError("outcome-not-found");
  await settleEffect(db, { chatId: id, key: named.data }, { outcome: said.data }, userId);
  return known(id, named.data);
}

async function known(chatId: string, effect: string): Promise<Outcome> {
  const named = key.safeParse(effect);
  const outcome = named.success ? await read(db, { chatId, key: named.data }) : null;
  if (!outcome) throw expectedError("outcome-not-found");
  return outcome;
}
