"use server";

import { auth, sessions } from "@trigger.dev/sdk";
import { requireSomebody } from "@/app/(chat)/_chat/actions/owner";
import { notesSessionOf } from "./session";

export type OpenNotes = { sessionId: string; publicAccessToken: string };

/**
 * Opens the notes of the current person, and makes sure that a run lives: a session that exists gets its run back, and a
 * dead run is replaced. The session is named after the person, so the browser can't name another one.
 */
export async function openNotes(): Promise<OpenNotes> {
  const user = await requireSomebody();
  const sessionId = notesSessionOf(user.id);
  const { publicAccessToken } = await sessions.start({
    type: "chat.agent",
    externalId: sessionId,
    taskIdentifier: "notes",
    triggerConfig: {
      concurrencyKey: user.id,
      basePayload: { chatId: sessionId, messages: [], trigger: "preload" },
    },
  });
  return { sessionId, publicAccessToken };
}

/** A short-lived token for the current person's notes alone. */
export async function mintNotesToken(): Promise<string> {
  const sessionId = notesSessionOf((await requireSomebody()).id);
  const scopes = { read: { sessions: sessionId }, write: { sessions: sessionId } };
  return auth.createPublicToken({ scopes, expirationTime: "15m" });
}
