"use server";

import { randomUUID } from "node:crypto";
import { cookies, headers } from "next/headers";
import { after } from "next/server";
import { z } from "zod";
import { deleteAttachments } from "@/lib/attachments/attachments";
import { attachmentStore } from "@/lib/attachments/store";
import * as auth from "@/lib/auth";
import { deleteEverything as deleteAll } from "@/lib/chat/chats/changes";
import { acceptEvent } from "@/lib/events/accept-event";
import { deliverEvents } from "@/lib/events/deliver-events";
import { saveSettings } from "@/lib/chat/chats/settings";
import { db } from "@/lib/db/client";
import { endSessions } from "@/lib/jobs/end-sessions";
import { expireChatTokens } from "@/lib/expire-tokens";
import {
  BROWSER_COOKIE,
  BROWSER_COOKIE_SECONDS,
  browserMark,
  isOwnBrowser,
  newBrowserSecret,
} from "@/lib/sign-in/link";
import { availableModels } from "@/lib/agent/model-catalog";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireSomebody, requireUser, takeTurn } from "@/app/(chat)/_chat/actions/owner";
import { DELETE_EVERYTHING_PHRASE } from "./delete-phrase";

/** A form's state after its action. After a success the page is loaded again as the new user. */
export type FormOutcome = { ok: true; note?: string } | { ok: false; problem: string };

const email = z.email("Enter a valid email address.").max(254);
const credentials = z.object({
  email,
  password: z
    .string()
    .min(8, "The password is too short. Use at least 8 characters.")
    .max(128, "The password is too long. Use at most 128 characters."),
});

/** Turns the current guest into an account. Their chats stay theirs. */
export async function createAccount(input: auth.Credentials): Promise<FormOutcome> {
  const parsed = credentials.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  return outcome(await auth.signUp(parsed.data, await headers()));
}

/** Signs in to an account. The current guest's chats move to it. */
export async function signIn(input: auth.Credentials): Promise<FormOutcome> {
  const parsed = credentials.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  return outcome(await auth.signIn(parsed.data, await headers()));
}

/** Signs out, and ends the access of this person's open pages in all tabs. */
export async function signOut(): Promise<FormOutcome> {
  const user = await auth.getUser();
  const result = await outcome(await auth.signOut(await headers()));
  // Runs after the session's end, or a page could still request a new token. If the engine is unreachable, tokens
  // expire soon.
  if (result.ok && user)
    await expireChatTokens(db, user.id).catch((error: unknown) =>
      console.error("Tokens outlive a sign-out for some minutes:", error),
    );
  return result;
}

/** Gives the same answer whether or not the account exists. */
export async function requestSignInLink(address: string): Promise<FormOutcome> {
  const parsed = email.safeParse(address);
  if (!parsed.success) return refused(parsed.error);
  if (!auth.canSendMail()) return { ok: false, problem: "Email isn't set up here. Use a password instead." };
  const jar = await cookies();
  const secret = jar.get(BROWSER_COOKIE)?.value ?? newBrowserSecret();
  jar.set(BROWSER_COOKIE, secret, { httpOnly: true, sameSite: "lax", maxAge: BROWSER_COOKIE_SECONDS });
  const result = await outcome(
    await auth.requestSignInLink(parsed.data, browserMark(secret), await headers()),
  );
  return result.ok ? { ok: true, note: `We sent a link to ${parsed.data}.` } : result;
}

const link = z.object({ token: z.string().max(200), browser: z.string().max(200), movesChats: z.boolean() });

/**
 * Signs in with a mailed link. Chats move only in the browser that requested the link, and only if the person agreed.
 */
export async function followSignInLink(input: z.infer<typeof link>): Promise<FormOutcome> {
  const parsed = link.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  const { token, browser, movesChats } = parsed.data;
  const isOwn = isOwnBrowser(browser, (await cookies()).get(BROWSER_COOKIE)?.value);
  return outcome(await auth.followSignInLink(token, { movesChats: movesChats && isOwn }, await headers()));
}

/** The default model of new chats; null selects the server's default. */
export async function setDefaultModel(id: string | null): Promise<void> {
  const user = await requireSomebody();
  if (id !== null && !availableModels().some((model) => model.id === id))
    throw expectedError("model-not-configured");
  await saveSettings(db, user.id, { defaultModel: id });
}

/** Deletes every chat, file, link and setting of the signed-in person. `confirmation` is the typed phrase. */
export async function deleteEverything(confirmation: string): Promise<{ deleted: number }> {
  const user = await requireUser();
  if (confirmation !== DELETE_EVERYTHING_PHRASE) throw expectedError("not-confirmed");
  const { chatIds, attachmentIds } = await deleteAll(db, user.id);
  // The files are already inaccessible. Deleting them isn't awaited, because the store may be slow, and is retried if
  // it fails.
  after(() => deleteAttachments(db, attachmentStore(), attachmentIds));
  // If the engine can't be reached now, the sweep informs it later.
  await endSessions(db, chatIds).catch(() => {});
  return { deleted: chatIds.length };
}

/** Records and delivers an event, as a signed request would. Returns the chat where it went. */
export async function sendTestEvent(): Promise<string> {
  const user = await requireUser();
  await takeTurn("messages", user);
  const place = { userId: user.id, source: "test" };
  const data = { order: "A-1042", total: 89, currency: "EUR" };
  await acceptEvent(db, place, randomUUID(), {
    type: "order.paid",
    timestamp: new Date().toISOString(),
    data,
  });
  await deliverEvents(db, place);
  const { chatId } = await db.eventSource.findUniqueOrThrow({ where: { userId_source: place } });
  if (chatId === null) throw expectedError("chat-not-found");
  return chatId;
}

async function outcome(result: auth.AuthOutcome): Promise<FormOutcome> {
  const jar = await cookies();
  for (const { name, value, options } of result.cookies) jar.set(name, value, options);
  return result.ok ? { ok: true } : { ok: false, problem: result.problem };
}

function refused(error: z.ZodError): FormOutcome {
  return { ok: false, problem: error.issues[0]?.message ?? "Check what you typed and try again." };
}
