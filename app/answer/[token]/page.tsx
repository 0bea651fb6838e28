import type { Metadata } from "next";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { AnswerByLink } from "../answer-by-link";
import { AnswerPage } from "../answer-page";
import { readLink, type Linked } from "../linked-request";

export const metadata: Metadata = {
  title: "Needs your answer",
  robots: { index: false, follow: false },
  referrer: "no-referrer",
};

const closed: Record<Exclude<Linked["state"], "open">, { title: string; text: string }> = {
  decided: {
    title: "This waits no longer",
    text: "It was decided already, or the message that asked was written anew. Such a link works once.",
  },
  expired: {
    title: "This link has expired",
    text: "Nothing was run. Open the chat to see whether it still waits, or send a message there to have it asked again.",
  },
  "not-found": {
    title: "This link leads nowhere",
    text: "It is incomplete, or the chat that asked was deleted. Copy the whole link, or look into your inbox.",
  },
};

/** One request, for whoever holds its link: decided here without signing in, and without the chat around it. */
export default async function LinkedRequestPage({ params }: PageProps<"/answer/[token]">) {
  const token = decodeURIComponent((await params).token);
  const linked = await readLink(token);
  if (linked.state === "open") return <AnswerByLink token={token} initial={linked.request} />;
  const { title, text } = closed[linked.state];
  return (
    <AnswerPage title={title}>
      <p className="text-ink-2">{text}</p>
      <Link href="/inbox" className={buttonClass({ className: "self-start" })}>
        Open your inbox
      </Link>
    </AnswerPage>
  );
}
