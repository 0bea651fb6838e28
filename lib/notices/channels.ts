import "server-only";
/** Where people are notified of requests: the webhook and the email that are configured. */
import { createAnswerToken } from "@/lib/chat/requests/answer-link";
import { requestPath } from "@/lib/chat/requests/pending-calls";
import type { Channel, Notice } from "@/lib/chat/requests/notify";
import { env } from "@/lib/env";
import { canSendMail, sendMail } from "./mail";
import { postWebhook } from "./webhook";

export function requestChannels(): Channel[] {
  const { REQUEST_WEBHOOK_URL: url, REQUEST_WEBHOOK_SECRET: secret } = env;
  const webhook: Channel[] =
    url && secret
      ? [
          {
            name: "webhook",
            notify: (notice) => postWebhook({ url, secret }, JSON.stringify(payloadOf(notice))),
          },
        ]
      : [];
  const mail: Channel[] = env.REQUEST_MAIL && canSendMail() ? [{ name: "mail", notify: mailTo }] : [];
  return [...webhook, ...mail];
}

/** Without the proposed arguments: the page behind the link shows them. */
function payloadOf(notice: Notice) {
  const { chatId, messageId, toolCallId, ...rest } = notice;
  return {
    type: "request.created",
    /** The same when this is sent again. */
    id: `${chatId}:${messageId}:${toolCallId}`,
    ...rest,
    ...linksOf(notice),
  };
}

async function mailTo(notice: Notice): Promise<void> {
  const { title, why, owner } = notice;
  if (owner.email === null) return;
  const { answerUrl, chatUrl } = linksOf(notice);
  const lines = [
    title,
    why,
    answerUrl && `Answer here without signing in. The link works once:\n${answerUrl}`,
    chatUrl && `Or open the chat:\n${chatUrl}`,
  ];
  await sendMail({
    to: owner.email,
    // Without the title, which a model wrote: in a list of mails, a subject looks like our own words.
    subject: "A request in Holdfast is waiting for you",
    text: `${lines.filter(Boolean).join("\n\n")}\n`,
  });
}

/** No links unless this site's address is configured: the host in a request is chosen by its sender. */
function linksOf(notice: Notice): { answerUrl: string | null; chatUrl: string | null } {
  const base = env.BETTER_AUTH_URL;
  if (!base) return { answerUrl: null, chatUrl: null };
  const token = createAnswerToken(notice);
  return {
    answerUrl: token && new URL(`/answer/${token}`, base).href,
    chatUrl: new URL(requestPath(notice), base).href,
  };
}
