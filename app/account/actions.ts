"use server";

import { cookies, headers } from "next/headers";
import { after } from "next/server";
import { z } from "zod";
import { deleteAttachments } from "@/lib/attachments/attachments";
import { attachmentStore } from "@/lib/attachments/store";
import * as auth from "@/lib/auth";
import { deleteEverything as deleteAll } from "@/lib/chat/chats/changes";
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
import { requireSomebody, requireUser } from "@/app/(chat)/_chat/actions/owner";
import { DELETE_EVERYTHING_WORDS } from "./words";

/** What a form shows afterwards. After a success the page is loaded anew, as somebody else. */
export type FormOutcome = { ok: true; note?: string } | { ok: false; problem: string };

const email = z.email("Enter a valid email address.").max(254);
const credentials = z.object({
  email,
  password: z
    .string()
    .min(8, "The password is too short: it needs at least 8 characters.")
    .max(128, "The password is too long: 128 characters are the limit."),
});

/** Makes an account of the guest who is here. Their chats stay theirs. */
export async function createAccount(input: auth.Credentials): Promise<FormOutcome> {
  const parsed = credentials.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  return outcome(await auth.signUp(parsed.data, await headers()));
}

/** Signs in to an account. The chats of the guest who is here go along. */
export async function signIn(input: auth.Credentials): Promise<FormOutcome> {
  const parsed = credentials.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  return outcome(await auth.signIn(parsed.data, await headers()));
}

/** Ends what open pages of this person may do, here and in other tabs. */
export async function signOut(): Promise<FormOutcome> {
  const user = await auth.getUser();
  const result = await outcome(await auth.signOut(await headers()));
  // After the session, or a page could fetch a new token in between. Tokens are short, should the engine be away.
  if (result.ok && user)
    await expireChatTokens(db, user.id).catch((error: unknown) =>
      console.error("Tokens outlive a sign-out for some minutes:", error),
    );
  return result;
}

/** Says the same whether there is such an account or not. */
export async function requestSignInLink(address: string): Promise<FormOutcome> {
  const parsed = email.safeParse(address);
  if (!parsed.success) return refused(parsed.error);
  if (!auth.canSendMail())
    return { ok: false, problem: "No mail is configured here. Use a password instead." };
  const jar = await cookies();
  const secret = jar.get(BROWSER_COOKIE)?.value ?? newBrowserSecret();
  jar.set(BROWSER_COOKIE, secret, { httpOnly: true, sameSite: "lax", maxAge: BROWSER_COOKIE_SECONDS });
  const result = await outcome(
    await auth.requestSignInLink(parsed.data, browserMark(secret), await headers()),
  );
  return result.ok ? { ok: true, note: `A link is on its way to ${parsed.data}.` } : result;
}

const link = z.object({ token: z.string().max(200), browser: z.string().max(200), movesChats: z.boolean() });

/** Signs in by a mailed link. Chats move only in the browser that asked for it, and only if the person said so. */
export async function followSignInLink(input: z.infer<typeof link>): Promise<FormOutcome> {
  const parsed = link.safeParse(input);
  if (!parsed.success) return refused(parsed.error);
  const { token, browser, movesChats } = parsed.data;
  const isOwn = isOwnBrowser(browser, (await cookies()).get(BROWSER_COOKIE)?.value);
  return outcome(await auth.followSignInLink(token, { movesChats: movesChats && isOwn }, await headers()));
}

/** The model that new chats begin with; null leaves it to the server. */
export async function setDefaultModel(id: string | null): Promise<void> {
  const user = await requireSomebody();
  if (id !== null && !availableModels().some((model) => model.id === id))
    throw expectedError("model-not-configured");
  await saveSettings(db, user.id, { defaultModel: id });
}

/** Every chat, file, link and setting of the signed-in person, for good. `confirmation` is what they typed. */
export async function deleteEverything(confirmation: string): Promise<{ deleted: number }> {
  const user = await requireUser();
  if (confirmation !== DELETE_EVERYTHING_WORDS) throw expectedError("not-confirmed");
  const { chatIds, attachmentIds } = await deleteAll(db, user.id);
  // Nobody can see the files any more. A store that is slow keeps nobody waiting, and one that fails is asked again.
  after(() => deleteAttachments(db, attachmentStore(), attachmentIds));
  // What could not be told to the engine, the sweep tells it.
  await endSessions(db, chatIds).catch(() => {});
  return { deleted: chatIds.length };
}

async function outcome(result: auth.AuthOutcome): Promise<FormOutcome> {
  const jar = await cookies();
  for (const { name, value, options } of result.cookies) jar.set(name, value, options);
  return result.ok ? { ok: true } : { ok: false, problem: result.problem };
}

function refused(error: z.ZodError): FormOutcome {
  return { ok: false, problem: error.issues[0]?.message ?? "Check what you typed and try again." };
}
