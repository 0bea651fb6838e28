import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { AnswerPage } from "./answer-page";
import type { Closed } from "./linked-request";

const words: Record<Closed, { title: string; text: string }> = {
  decided: {
    title: "Already answered",
    text: "It was decided already, or the message that asked was written anew. Such a link works once.",
  },
  expired: {
    title: "This link has expired",
    text: "Nothing was run. Open the chat to see whether it still waits, or send a message there to have it asked again.",
  },
  "not-found": {
    title: "This link doesn't work",
    text: "It is incomplete or no longer valid, or its chat was deleted. Copy the whole link, or open your inbox.",
  },
};

export type ClosedLinkProps = {
  state: Closed;
  /** Somebody has just decided here, and was too late. */
  isTooLate?: boolean;
};

/** All that a link says which can decide nothing any more: what was decided is for those who may read the chat. */
export function ClosedLink({ state, isTooLate = false }: ClosedLinkProps) {
  const { title, text } = words[state];
  return (
    <AnswerPage title={title}>
      {isTooLate && <p role="alert">Your decision came too late and was not taken.</p>}
      <p className="text-ink-2">{text}</p>
      <Link href="/inbox" className={buttonClass({ className: "self-start" })}>
        Open your inbox
      </Link>
    </AnswerPage>
  );
}
