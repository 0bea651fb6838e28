"use client";

import { useRouter } from "next/navigation";
import { useEffect, useMemo } from "react";
import { ChatDock } from "@/components/chat/chat-shell";
import { Composer } from "@/components/chat/composer";
import { DropOverlay } from "@/components/chat/drop-overlay";
import { FirstRun, type FirstRunPrompt } from "@/components/chat/first-run";
import { MessageList } from "@/components/chat/message-list";
import { UndoRedo } from "@/components/chat/undo-redo";
import { ModelPicker } from "@/components/chat/model-picker";
import { TurnStatus } from "@/components/chat/turn-status";
import { useAttachments } from "@/components/chat/use-attachments";
import { useDurableChat, type PendingInput, type Transcript } from "@/components/chat/use-durable-chat";
import { messageText, type ChatMessage } from "@/lib/chat/message";
import { attachmentLimits, uploadAttachment } from "../attachments/upload";
import { loadTranscript, mintChatAccessToken, startChatSession } from "./actions";
import { useRefreshChats } from "./chat-frame";
import { chatCommands } from "./commands";
import type { ChatEnvironment } from "./environment";
import { describeError } from "./expected-error";
import { useMessageRows } from "./use-message-rows";
import { useModelChoice } from "./use-model-choice";

export type ChatViewProps = {
  chatId: string;
  environment: ChatEnvironment;
  /** Called when the first message has made the row. Given only for a chat that has none yet. */
  onCreated?: () => void;
  transcript?: Transcript<ChatMessage>;
  /** The model that was chosen for this chat, if one was. */
  model?: string | null;
  accessToken?: Promise<string | null>;
  pendingInput?: Promise<PendingInput<ChatMessage>[]>;
  /** What an empty chat suggests. */
  prompts?: FirstRunPrompt[];
};

const nothingYet: Transcript<ChatMessage> = { messages: [], status: "idle" };

/** One conversation: the kit put together for this app. */
export function ChatView({
  chatId,
  environment,
  onCreated,
  transcript,
  model: savedModel = null,
  accessToken,
  pendingInput,
  prompts = [],
}: ChatViewProps) {
  const router = useRouter();
  const refreshChats = useRefreshChats();
  const draftKey = `${environment.userId}:${onCreated ? "new" : chatId}`;
  const attachments = useAttachments({ upload: uploadAttachment, limits: attachmentLimits, draftKey });
  const model = useModelChoice(chatId, savedModel, { isNew: onCreated !== undefined });
  const chat = useDurableChat<ChatMessage>({
    chatId,
    task: "chat",
    baseURL: environment.baseURL,
    transcript: transcript ?? nothingYet,
    accessToken,
    pendingInput,
    startSession: async (id) => {
      const session = await startChatSession({ chatId: id, ...(model.chosen && { model: model.chosen }) });
      onCreated?.();
      model.onChatCreated();
      return session;
    },
    mintAccessToken: mintChatAccessToken,
    loadTranscript,
  });

  const { isAnswering, branches } = chat;
  const rows = useMessageRows(chat);
  const commands = useMemo(() => chatCommands({ startNewChat: () => router.push("/") }), [router]);
  const history = useMemo(
    () => chat.messages.filter((message) => message.role === "user").map(messageText),
    [chat.messages],
  );
  const hasMessages = chat.messages.length > 0;
  useEffect(() => {
    if (hasMessages) refreshChats();
  }, [hasMessages, isAnswering, refreshChats]);

  const undoRedo = (
    <UndoRedo
      onUndo={branches.canUndo ? () => void branches.undo() : undefined}
      onRedo={branches.canRedo ? () => void branches.redo() : undefined}
    />
  );
  return (
    <>
      <MessageList
        messages={chat.messages}
        isStreaming={isAnswering && !branches.isReadOnly}
        {...rows}
        hasOlder={chat.hasOlder}
        onLoadOlder={chat.loadOlder}
        placeKey={`${environment.userId}:${chatId}`}
        empty={
          <>
            <FirstRun
              prompts={prompts}
              onPick={(prompt) => void chat.send(prompt)}
              isDisabled={isAnswering}
            />
            {undoRedo}
          </>
        }
        footer={
          <div className="flex items-start justify-between gap-3">
            <TurnStatus
              state={chat.turn}
              detail={chat.turn === "failed" && chat.error ? describeError(chat.error) : undefined}
              onRetry={() => void chat.retry()}
            />
            {undoRedo}
          </div>
        }
      />
      <ChatDock>
        {model.error && (
          <p role="alert" className="mb-2 px-3 text-[13px] text-red">
            The model was not changed. {model.error}
          </p>
        )}
        <Composer
          draftKey={draftKey}
          onSend={(message) =>
            chat.send(message).catch((error: unknown) => Promise.reject(new Error(describeError(error))))
          }
          onStop={() => void chat.stop()}
          isStreaming={isAnswering}
          disabledReason={
            branches.isReadOnly
              ? "The answer is being written in another version. This one can be read until it ends."
              : undefined
          }
          attachments={attachments}
          history={history}
          commands={commands}
          modelLabel={
            <ModelPicker models={environment.models} value={model.chosen} onChange={model.choose} />
          }
          autoFocus
        />
      </ChatDock>
      <DropOverlay onFiles={attachments.add} />
    </>
  );
}
