"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { ChatDock } from "@/components/chat/shell/chat-shell";
import { Composer } from "@/components/chat/composer/composer";
import type { Transcript } from "@/components/chat/durable/transcript";
import type { SendMode } from "@/components/chat/composer/composer-buttons";
import { DropOverlay } from "@/components/chat/composer/drop-overlay";
import { FirstRun, type FirstRunProps } from "@/components/chat/conversation/first-run";
import { keyOf } from "@/components/chat/shared/storage-keys";
import { MessageList } from "@/components/chat/conversation/message-list";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { RequestBar } from "@/components/chat/requests/request-bar";
import { QueueList } from "@/components/chat/composer/queue-list";
import { SteeringList } from "@/components/chat/composer/steering-list";
import { ResumeNotice } from "@/components/chat/conversation/resume-notice";
import { UndoRedo } from "@/components/chat/conversation/undo-redo";
import { ModelPicker } from "@/components/chat/composer/model-picker";
import { TabNotice } from "@/components/chat/composer/tab-notice";
import { TurnStatus } from "@/components/chat/conversation/turn-status";
import { type UploadFile, useAttachments } from "@/components/chat/composer/use-attachments";
import type { OutgoingMessage, PendingInput } from "@/components/chat/durable/types";
import { useDurableChat } from "@/components/chat/durable/use-durable-chat";
import { EndingNotice, endingTexts } from "@/components/chat/conversation/ending-notice";
import { MAX_STEPS } from "@/lib/chat/max-steps";
import { KnownError } from "@/components/chat/shared/known-error";
import type { ChatMessage } from "@/lib/chat/message";
import { messageText } from "@/lib/chat/message-text";
import { steeringId } from "@/lib/chat/steering-id";
import { attachmentLimits, uploadAttachment } from "@/app/attachments/upload";
import { AccountNotice, closedReason } from "./account-notice";
import { isQueued } from "./reads/awaited-answer";
import { useRefreshChats } from "./chat-frame";
import { chatCommands } from "./commands";
import { useOfferCommands } from "./commands-provider";
import type { ChatEnvironment } from "./environment";
import { DELETED, DeletedNotice, useDeletedChat } from "./deleted-chat";
import { describeError } from "./actions/expected-error";
import { askForHeadStart } from "./head-start";
import { useArrival } from "./use-arrival";
import { useChatRequests } from "./requests/use-chat-requests";
import { useProblem } from "./use-problem";
import { useSignIn } from "./use-sign-in";
import { useModelChoice } from "./use-model-choice";
import { SubAgentsContext } from "./sub-agents";
import { useMessageRows } from "./use-message-rows";
import { findWanted, useRequestPlace } from "./requests/use-request-place";

export type ChatViewProps = {
  chatId: string;
  environment: ChatEnvironment;
  /** Called when the first message has created the chat's row. Only for a chat that has no row. */
  onCreated?: () => void;
  transcript?: Transcript<ChatMessage>;
  /** The model chosen for this chat, if any. */
  model?: string | null;
  accessToken?: Promise<string | null>;
  pendingInput?: Promise<PendingInput<ChatMessage>[]>;
  /** The requests of this chat so far. */
  requests?: HumanRequestView[];
  /** The message that a link led to. */
  opening?: { nodeId: string; messageId: string; isShown: boolean };
  /** The welcome of an empty chat. */
  welcome?: Pick<FirstRunProps, "title" | "description" | "prompts">;
};

const nothingYet: Transcript<ChatMessage> = { messages: [], status: "idle" };
const nothingAsked: HumanRequestView[] = [];

/** One conversation: the kit assembled for this app. */
export function ChatView({
  chatId,
  environment,
  onCreated,
  transcript,
  model: savedModel = null,
  accessToken,
  pendingInput,
  requests: asked = nothingAsked,
  opening,
  welcome = { prompts: [] },
}: ChatViewProps) {
  const router = useRouter();
  const refreshChats = useRefreshChats();
  const [hasRow, setHasRow] = useState(onCreated === undefined);
  // A chat that was preloaded has a session, and a row, before its first message.
  const [hasSession, setHasSession] = useState(hasRow);
  const { userId, arrive } = useArrival(environment);
  const draftKey = hasRow ? chatId : "new";
  const upload = useCallback<UploadFile>(
    (file, options) => arrive().then(() => uploadAttachment(file, options)),
    [arrive],
  );
  const attachments = useAttachments({ upload, limits: attachmentLimits, draftKey });
  const model = useModelChoice(chatId, savedModel, { hasRow: hasSession });
  const deleted = useDeletedChat({ hasRow: hasSession });
  const chat = useDurableChat<ChatMessage>({
    chatId,
    task: "chat",
    baseURL: environment.baseURL,
    transcript: transcript ?? nothingYet,
    accessToken,
    pendingInput,
    startSession: async (id) => {
      await arrive();
      const session = await deleted.startSession({
        chatId: id,
        ...(model.chosen && { model: model.chosen }),
      });
      setHasSession(true);
      return session;
    },
    ...(environment.start === "head-start" && {
      headStart: async (id, message) => {
        await arrive();
        const begun = await askForHeadStart({
          chatId: id,
          message,
          ...(model.chosen && { model: model.chosen }),
        });
        if (begun) setHasSession(true);
        return begun;
      },
    }),
    mintAccessToken: deleted.mintAccessToken,
    loadTranscript: deleted.loadTranscript,
    moveBranch: deleted.moveBranch,
    lookAfter: deleted.lookAfter,
    isClosed: deleted.isDeleted,
    onClosed: deleted.onClosed,
    isQueued,
    steeringId,
    queueKey: keyOf.queue(chatId),
  });

  const signIn = useSignIn(userId);
  const { isAnswering, branches } = chat;
  const { problem, attempt } = useProblem();
  const requests = useChatRequests({
    chatId,
    messages: chat.messages,
    isAnswering,
    hasOlder: chat.hasOlder,
    initial: asked,
    expectTurn: chat.expectTurn,
    baseURL: environment.baseURL,
  });
  const renderMessage = useMessageRows(chat, attempt, requests.renderTool);
  const { subAgents: live } = chat;
  const { canInspect } = environment;
  const writing = isAnswering ? chat.messages.at(-1)?.id : undefined;
  const subAgents = useMemo(() => ({ live, writing, canInspect }), [live, writing, canInspect]);
  const address = useSearchParams();
  const place = useRequestPlace({
    wanted: findWanted(asked, address),
    switchTo: (messageId) => branches.switchTo(messageId),
  });
  const commands = useMemo(() => chatCommands({ startNewChat: () => router.push("/") }), [router]);
  const sent = useMemo(
    () => chat.messages.filter((message) => message.role === "user").map(messageText),
    [chat.messages],
  );
  const hasMessages = chat.messages.length > 0;
  if (!hasRow && hasMessages && hasSession) setHasRow(true);
  const announce = useEffectEvent(() => onCreated?.());
  useEffect(() => {
    if (hasRow) announce();
  }, [hasRow]);
  useEffect(() => {
    if (hasMessages && hasRow) refreshChats();
  }, [hasMessages, hasRow, isAnswering, refreshChats]);

  /** The composer has the focus from the start, so the first key or tap in it is the first sign of a person. */
  function onEngaged() {
    const isNew = environment.start === "preload" && !hasSession && !hasMessages;
    void arrive()
      .then(() => (isNew ? chat.preload() : undefined))
      .catch(() => {});
  }

  async function deliver(message: OutgoingMessage, mode: SendMode) {
    if (mode === "queue") chat.queue.add(message);
    else await (mode === "steer" ? chat.steer(message) : chat.send(message));
  }

  // A link to another branch shows that branch.
  const { switchTo } = branches;
  const leadsElsewhere = opening?.isShown === false ? opening.nodeId : undefined;
  const hasFollowed = useRef(false);
  useEffect(() => {
    if (leadsElsewhere === undefined || hasFollowed.current) return;
    hasFollowed.current = true;
    attempt(switchTo(leadsElsewhere));
  }, [attempt, leadsElsewhere, switchTo]);

  const onStop = () => attempt(chat.stop());
  const onUndo = branches.canUndo ? () => attempt(branches.undo()) : undefined;
  const onRedo = branches.canRedo ? () => attempt(branches.redo()) : undefined;
  useOfferCommands({
    onStop: isAnswering ? onStop : undefined,
    ...(!deleted.isDeleted && { onUndo, onRedo }),
  });
  const failure = problem ?? (chat.queue.failure && describeError(chat.queue.failure));
  const undoRedo = !deleted.isDeleted && <UndoRedo onUndo={onUndo} onRedo={onRedo} />;
  const lastMessage = chat.messages.at(-1);
  const ending =
    isAnswering || branches.isReadOnly || lastMessage?.role !== "assistant"
      ? undefined
      : (lastMessage.metadata?.ending ?? undefined);
  const unfinished = renderUnfinished();
  return (
    <SubAgentsContext value={subAgents}>
      <MessageList
        messages={chat.messages}
        isStreaming={isAnswering && !branches.isReadOnly}
        renderMessage={renderMessage}
        hasOlder={chat.hasOlder}
        onLoadOlder={chat.loadOlder}
        openAt={place.openAt ?? opening?.messageId}
        placeKey={`${userId}:${chatId}`}
        isOwn={chat.isOwn}
        empty={
          <>
            <FirstRun
              {...welcome}
              onPick={(prompt) => attempt(chat.send(prompt))}
              isDisabled={isAnswering || chat.remoteWriter !== undefined || deleted.isDeleted}
            />
            {undoRedo}
          </>
        }
        footer={
          <div className="flex flex-col gap-2">
            {unfinished}
            <div className="flex items-start justify-between gap-3">
              <TurnStatus
                state={chat.turn}
                needsAnswer={requests.needsAnswer}
                finished={ending && endingTexts[ending]}
                tool={chat.tool}
                detail={chat.turn === "failed" ? failedBecause() : undefined}
                onRetry={unfinished ? undefined : () => attempt(chat.retry())}
                onStop={chat.remoteWriter === undefined ? onStop : undefined}
              />
              {undoRedo}
            </div>
          </div>
        }
      />
      <ChatDock>
        {model.error && (
          <p role="alert" className="mb-2 px-3 text-[13px] text-red">
            Couldn't change the model. {model.error}
          </p>
        )}
        {failure !== undefined && (
          <p role="alert" className="mb-2 px-3 text-[13px] text-red">
            That didn't work. {failure}
          </p>
        )}
        <RequestBar requests={requests.pending} onReveal={(request) => attempt(place.reveal(request))} />
        <AccountNotice signIn={signIn} />
        <DeletedNotice isDeleted={deleted.isDeleted} />
        <TabNotice
          remoteWriter={signIn.state === "same" ? chat.remoteWriter : undefined}
          onTakeOver={() => {
            chat.takeOver();
            // Moves the focus before the focused button disappears.
            document.querySelector<HTMLElement>('[data-slot="composer-input"]')?.focus();
          }}
        />
        <SteeringList messages={chat.steering} />
        <QueueList
          queued={chat.queue.queued}
          onEdit={chat.queue.edit}
          onMove={chat.queue.move}
          onRemove={chat.queue.remove}
          onSendNow={
            chat.remoteWriter === undefined && !deleted.isDeleted
              ? (id) => attempt(chat.sendQueuedNow(id))
              : undefined
          }
        />
        <Composer
          draftKey={draftKey}
          onInput={onEngaged}
          onPointerDown={onEngaged}
          onSend={(message, mode) =>
            deliver(message, mode).catch((error: unknown) =>
              Promise.reject(new KnownError(describeError(error))),
            )
          }
          onStop={onStop}
          isStreaming={isAnswering && chat.remoteWriter === undefined}
          canQueue
          canSteer
          disabledReason={
            closedReason(signIn) ??
            (deleted.isDeleted ? DELETED : undefined) ??
            (chat.remoteWriter !== undefined
              ? "View only. Take over to write."
              : branches.isReadOnly
                ? "Another version is being answered. You can write here when it's done."
                : undefined)
          }
          attachments={attachments}
          history={sent}
          commands={commands}
          modelLabel={
            <ModelPicker models={environment.models} value={model.chosen} onChange={model.choose} />
          }
          autoFocus
        />
      </ChatDock>
      <DropOverlay onFiles={attachments.add} />
    </SubAgentsContext>
  );

  function failedBecause(): string | undefined {
    return chat.error ? describeError(chat.error) : chat.failure;
  }

  /** The actions for a branch that ends in an unfinished answer, or in a prompt without one. */
  function renderUnfinished() {
    if (chat.turn === "failed" || chat.remoteWriter !== undefined || deleted.isDeleted) return undefined;
    const { partialId, unansweredId } = chat;
    const continueAnswer = () => attempt(chat.send("Continue from where you stopped."));
    if (ending !== undefined && lastMessage && partialId === undefined)
      return (
        <EndingNotice
          ending={ending}
          maxSteps={MAX_STEPS}
          onContinue={ending === "length" || ending === "steps" ? continueAnswer : undefined}
          onRegenerate={() => attempt(branches.regenerate(lastMessage.id))}
        />
      );
    if (unansweredId !== undefined)
      return <ResumeNotice onAskAgain={() => attempt(branches.regenerate(unansweredId))} />;
    if (partialId === undefined) return undefined;
    const question = chat.messages.findLast(({ role }) => role === "user")?.id;
    return (
      <ResumeNotice
        onContinue={continueAnswer}
        onAskAgain={() => attempt(branches.regenerate(partialId))}
        onDiscard={question === undefined ? undefined : () => attempt(branches.continueFrom(question))}
      />
    );
  }
}
