import "server-only";
/** Who is told of a request beside the page: a webhook, an e-mail, whatever is configured. */
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
            notify: (notice) => postWebhook({ url, secret }, JSON.stringify(newsOf(notice))),
          },
        ]
      : [];
  const mail: Channel[] = env.REQUEST_MAIL && canSendMail() ? [{ name: "mail", notify: mailTo }] : [];
  return [...webhook, ...mail];
}

/** What is proposed stays here: the link shows it to whoever follows it. */
function newsOf(notice: Notice) {
  const { chatId, messageId, toolCallId, ...rest } = notice;
  return {
    type: "request.created",
    /** The same whenever this is sent again. */
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
    answerUrl && `Answer it here, without signing in. The link works once:\n${answerUrl}`,
    chatUrl && `Or open the chat:\n${chatUrl}`,
  ];
  await sendMail({
    to: owner.email,
    // Without the title, which a model wrote: a subject is read in lists and notices, where nobody sees who wrote it.
    subject: "A request in Holdfast is waiting for you",
    text: `${lines.filter(Boolean).join("\n\n")}\n`,
  });
}

/** No links without an address of our own: the one in a request is whatever its sender wrote. */
function linksOf(notice: Notice): { answerUrl: string | null; chatUrl: string | null } {
  const base = env.BETTER_AUTH_URL;
  if (!base) return { answerUrl: null, chatUrl: null };
  const token = createAnswerToken(notice);
  return {
    answerUrl: token && new URL(`/answer/${token}`, base).href,
    chatUrl: new URL(requestPath(notice), base).href,
  };
}
