import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cache } from "react";
import { readShare } from "@/lib/chat/chats/share";
import { db } from "@/lib/db/client";
import { ChatMarkdown } from "@/app/(chat)/_chat/chat-markdown";
import { SharedConversation } from "./shared-conversation";

const shared = cache((token: string) => readShare(db, token));

export async function generateMetadata({ params }: PageProps<"/share/[token]">): Promise<Metadata> {
  const branch = await shared((await params).token);
  return {
    title: branch?.title ?? "Not found",
    robots: { index: false, follow: false },
    // Links in the conversation must not leak the token in the referrer.
    referrer: "no-referrer",
  };
}

/** A shared branch, read-only, for anyone with the link. */
export default async function SharePage({ params }: PageProps<"/share/[token]">) {
  const branch = await shared((await params).token);
  if (!branch) notFound();
  const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });
  return (
    <ChatMarkdown>
      <SharedConversation
        title={branch.title}
        messages={branch.messages}
        requests={branch.requests}
        note={`Shared on ${day.format(branch.sharedAt)} · read-only${branch.isCut ? " · the newest 1,000 messages" : ""}`}
      />
    </ChatMarkdown>
  );
}
