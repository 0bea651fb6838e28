/** Signatures of incoming events, as https://www.standardwebhooks.com describes them: HMAC-SHA256 of `id.timestamp.body`. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { env } from "@/lib/env";

const PREFIX = "whsec_";
const TOLERANCE_S = 5 * 60;

/** A person's secret. Derived, so that it needs no table; a new `HOOKS_SECRET` replaces everybody's. Null without a seed. */
export function hookSecret(userId: string): string | null {
  const seed = env.HOOKS_SECRET ?? env.BETTER_AUTH_SECRET ?? env.TRIGGER_SECRET_KEY;
  if (!seed) return null;
  const key = createHmac("sha256", seed).update(`holdfast hook ${userId}`).digest("base64");
  return `${PREFIX}${key}`;
}

export type SignedHeaders = { id: string; timestamp: string; signature: string };

/** The value of `webhook-signature`. */
export function sign(
  secret: string,
  { id, timestamp }: Omit<SignedHeaders, "signature">,
  body: Uint8Array,
): string {
  const key = Buffer.from(secret.slice(PREFIX.length), "base64");
  const signed = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return `v1,${signed}`;
}

/** Undefined when the request may be trusted, else the sentence that refuses it, which names the header. */
export function signatureProblem(
  secret: string | null,
  headers: SignedHeaders,
  body: Uint8Array,
  now = new Date(),
): string | undefined {
  const expected = secret === null ? undefined : sign(secret, headers, body);
  // A service that changes its secret sends a signature with each.
  const given = headers.signature.split(" ").slice(0, 10);
  if (expected === undefined || !given.some((each) => isSame(each, expected)))
    return "`webhook-signature` doesn't match. Sign `id.timestamp.body` with the secret from Settings.";
  // Signed, so it is the sender's own.
  const age = Math.floor(now.getTime() / 1000) - Number(headers.timestamp);
  if (Math.abs(age) <= TOLERANCE_S) return undefined;
  return `\`webhook-timestamp\` is ${age > 0 ? "too old" : "in the future"}: it may be ${TOLERANCE_S / 60} minutes from now. Sign the event again.`;
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
