import "server-only";
/** Mail, for those who configure it: a Resend key or any service that takes the same request. */
import { env } from "@/lib/env";

export type Mail = { to: string; subject: string; text: string };

/**
 * Without a key, a sender and an address of our own there is no mail, and nothing that needs it is offered. The address
 * must be configured, because the one in a request is whatever its sender wrote.
 */
export function canSendMail(): boolean {
  const { RESEND_API_KEY, MAIL_FROM, BETTER_AUTH_URL } = env;
  return Boolean(RESEND_API_KEY && MAIL_FROM && BETTER_AUTH_URL);
}

/** Throws when the service does not take it, and says how the service answered. */
export async function sendMail({ to, subject, text }: Mail): Promise<void> {
  const response = await fetch(new URL("/emails", env.RESEND_BASE_URL), {
    method: "POST",
    headers: {
      authorization: `Bearer ${env.RESEND_API_KEY}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ from: env.MAIL_FROM, to: [to], subject, text }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`The mail service answered ${response.status}.`);
}
