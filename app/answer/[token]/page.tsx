import type { Metadata } from "next";
import { AnswerByLink } from "../answer-by-link";
import { ClosedLink } from "../closed-link";
import { readLink } from "../linked-request";

export const metadata: Metadata = {
  title: "Needs your answer",
  robots: { index: false, follow: false },
  referrer: "no-referrer",
};

/** One request for the holder of its link: decided here without signing in, and without showing the chat. */
export default async function LinkedRequestPage({ params }: PageProps<"/answer/[token]">) {
  const token = decodeURIComponent((await params).token);
  const linked = await readLink(token);
  if (linked.state === "open") return <AnswerByLink token={token} initial={linked.request} />;
  return <ClosedLink state={linked.state} />;
}
