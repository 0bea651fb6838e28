import "server-only";
import { readAnswerToken } from "@/lib/chat/requests/answer-link";
import { findRequest, type RequestView } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";

/** Why a link is closed. */
export type Closed = "decided" | "expired" | "not-found";

export type Linked =
  | { state: "open"; request: RequestView }
  /** `decided` contains no request: the decision is only for people who may read the chat. */
  | { state: Closed };

/** Resolves a one-time link. A forged link and the link of a deleted chat are the same *not found*. */
export async function readLink(token: string, now = new Date()): Promise<Linked> {
  const linked = readAnswerToken(token);
  const found = linked && (await findRequest(db, linked));
  if (!found) return { state: "not-found" };
  if (found.state === "expired") return { state: "expired" };
  if (found.state !== "pending") return { state: "decided" };
  const isDue = found.expiresAt !== null && new Date(found.expiresAt) <= now;
  if (isDue || linked.expiresAt <= now) return { state: "expired" };
  return { state: "open", request: withoutChat(found) };
}

/** Only the request: the link shows nothing else of the chat. */
export function withoutChat(request: RequestView): RequestView {
  return { ...request, chatTitle: null, onOtherBranch: false };
}
