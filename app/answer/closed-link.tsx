import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { AnswerPage } from "./answer-page";
import type { Closed } from "./linked-request";

const labels: Record<Closed, { title: string; text: string }> = {
  decided: {
    title: "Already answered",
    text: "This request was already decided, or its message was edited or regenerated. Links like this work once.",
  },
  expired: {
    title: "This link has expired",
    text: "Nothing ran. Open the chat to see whether it's still pending, or send a message there to ask again.",
  },
  "not-found": {
    title: "This link doesn't work",
    text: "It may be incomplete or expired, or the chat was deleted. Copy the whole link, or open your inbox.",
  },
};

export type ClosedLinkProps = {
  state: Closed;
  /** The person decided here, but someone else was first. */
  isTooLate?: boolean;
};

/** Shown for a link that is closed. The decision itself is only for people who may read the chat. */
export function ClosedLink({ state, isTooLate = false }: ClosedLinkProps) {
  const { title, text } = labels[state];
  return (
    <AnswerPage title={title}>
      {isTooLate && <p role="alert">Someone decided before you, so your decision wasn't saved.</p>}
      <p className="text-ink-2">{text}</p>
      <Link href="/inbox" className={buttonClass({ className: "self-start" })}>
        Open your inbox
      </Link>
    </AnswerPage>
  );
}
