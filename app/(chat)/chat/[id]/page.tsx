import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { after } from "next/server";
import { cache } from "react";
import { getToolName, isToolUIPart, type UIMessage } from "ai";
import { getUser } from "@/lib/auth";
import { findOpening } from "@/lib/chat/tree/opening";
import { findOwnedChat, loadTranscript } from "@/lib/chat/tree/queries";
import { listChatRequests } from "@/lib/chat/requests/views";
import { startedJob } from "@/lib/agent/progress";
import { unknownOutcomeOf } from "@/lib/chat/effects/unknown-outcome";
import { lookAfter } from "@/lib/jobs/awaited";
import { db } from "@/lib/db/client";
import { mintChatAccessToken } from "@/app/(chat)/_chat/actions/session";
import { ChatView } from "@/app/(chat)/_chat/chat-view";
import { chatEnvironment } from "@/app/(chat)/_chat/environment";
import { readPendingInput } from "@/app/(chat)/_chat/reads/pending-input";
import { PageWithParts } from "@/app/(chat)/_chat/requests/page-with-parts";
import { UNTITLED_CHAT } from "../../../page-titles";

const ownChat = cache(async (id: string) => {
  const user = await getUser();
  return user && findOwnedChat(db, id, user.id);
});

export async function generateMetadata({ params }: PageProps<"/chat/[id]">): Promise<Metadata> {
  const owned = await ownChat((await params).id);
  return { title: owned?.title ?? UNTITLED_CHAT };
}

export default async function ChatPage({ params, searchParams }: PageProps<"/chat/[id]">) {
  const { id } = await params;
  const { message } = await searchParams;
  const owned = await ownChat(id);
  if (!owned) notFound();
  // The token is created while the transcript loads, and passed on as a promise. If that fails, the browser requests
  // another.
  const accessToken = mintChatAccessToken(id).catch(() => null);
  if (owned.lookAt || owned.status === "running") await lookBriefly(id);
  const [transcript, requests] = await Promise.all([loadTranscript(db, id), listChatRequests(db, id)]);
  if (!transcript) notFound();
  const opening = typeof message === "string" ? await findOpening(db, id, message) : null;
  const pendingInput = readPendingInput(id, transcript.cursors.lastInEventId).catch(() => []);
  // A prompt that no run has saved, and whose run may be gone.
  after(async () => {
    if ((await pendingInput).length > 0) await lookAfter(id).catch(() => {});
  });
  return (
    <PageWithParts areDrawn={requests.length > 0 || hasOwnParts(transcript.messages)}>
      <ChatView
        key={opening ? `${id}:${opening.nodeId}` : id}
        chatId={id}
        transcript={transcript}
        {...(opening && { opening })}
        accessToken={accessToken}
        pendingInput={pendingInput}
        requests={requests}
        environment={await chatEnvironment()}
        model={owned.model}
      />
    </PageWithParts>
  );
}

/** A call that has its own card without being a request. */
function hasOwnParts(messages: UIMessage[]): boolean {
  const calls = messages.flatMap(({ parts }) => parts.filter(isToolUIPart));
  return calls.some(
    (call) =>
      ["delegate", "runCode"].includes(getToolName(call)) ||
      startedJob(call) ||
      unknownOutcomeOf(call.output),
  );
}

const LOOK_WITHIN_MS = 2_500;

/** The result of waiting for an answer. If it takes too long, the page shows the saved state. */
async function lookBriefly(chatId: string): Promise<void> {
  const timeIsUp = new Promise((resolve) => setTimeout(resolve, LOOK_WITHIN_MS));
  await Promise.race([lookAfter(chatId).catch(() => {}), timeIsUp]);
}
