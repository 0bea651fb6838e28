/** Sends mail through Resend, or any service with the same API, when it is configured. */
import { env } from "@/lib/env";

export type Mail = {
  to: string;
  subject: string;
  text: string;
  /** The service sends a mail with a known key no second time. */
  idempotencyKey?: string;
};

/**
 * Whether the key, the sender and this site's address are configured. Features that need mail are hidden otherwise. The
 * address must be configured, because the host in a request is chosen by its sender.
 */
export function canSendMail(): boolean {
  const { RESEND_API_KEY, MAIL_FROM, BETTER_AUTH_URL } = env;
  return Boolean(RESEND_API_KEY && MAIL_FROM && BETTER_AUTH_URL);
}

/** Throws with the status of the service when it does not accept the mail. */
export async function sendMail({ to, subject, text, idempotencyKey }: Mail): Promise<void> {
  const response = await fetch(new URL("/emails", env.RESEND_BASE_URL), {
    method: "POST",
    headers: {
      authorization: `Bearer ${env.RESEND_API_KEY}`,
      "content-type": "application/json",
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    },
    body: JSON.stringify({ from: env.MAIL_FROM, to: [to], subject, text }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`The mail service returned status ${response.status}.`);
}
