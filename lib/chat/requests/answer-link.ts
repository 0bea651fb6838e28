/**
 * Links that answer one request without signing in. Links are signed, not stored, so each names its chat, message, call
 * and expiry. A link works once, because a request is decided once.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { env } from "@/lib/env";
import type { RequestName } from "./pending-calls";

/** The request that a link opens. */
export type LinkedRequest = {
  chatId: string;
  /** Older links name only the call. */
  messageId: string | undefined;
  toolCallId: string;
  expiresAt: Date;
};

const LIFETIME_MS = 72 * 60 * 60 * 1000;
const MAX_LENGTH = 2_000;

/** Null when this installation has no secret to sign with. */
export function createAnswerToken(
  request: RequestName & { chatId: string; expiresAt: Date | null },
  now = new Date(),
): string | null {
  const key = linkKey();
  if (!key) return null;
  const latest = now.getTime() + LIFETIME_MS;
  const end = Math.min(latest, request.expiresAt?.getTime() ?? latest);
  const claims = [request.chatId, request.messageId, request.toolCallId, Math.floor(end / 1000)];
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${body}.${sign(key, body)}`;
}

/** Undefined for a link that was not signed here. The caller checks the expiry. */
export function readAnswerToken(token: string): LinkedRequest | undefined {
  const key = linkKey();
  const [body, signature, ...rest] = token.length > MAX_LENGTH ? [] : token.split(".");
  if (!key || !body || !signature || rest.length > 0) return undefined;
  const expected = Buffer.from(sign(key, body));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  // Only this file signs with this key, so the shape is ours.
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as
    | [chatId: string, messageId: string, toolCallId: string, end: number]
    | [chatId: string, toolCallId: string, end: number];
  const [chatId, messageId, toolCallId, end] =
    claims.length === 4 ? claims : [claims[0], undefined, claims[1], claims[2]];
  return { chatId, messageId, toolCallId, expiresAt: new Date(end * 1000) };
}

/** A separate key, so that no other signature of this app is valid as a link. */
function linkKey(): Buffer | undefined {
  const secret = env.BETTER_AUTH_SECRET ?? env.TRIGGER_SECRET_KEY;
  return secret ? createHmac("sha256", secret).update("holdfast answer link").digest() : undefined;
}

function sign(key: Buffer, body: string): string {
  return createHmac("sha256", key).update(body).digest("base64url");
}
