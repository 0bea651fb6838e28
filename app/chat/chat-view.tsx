"use client";

import { useEffect } from "react";
import { ChatDock } from "@/components/chat/chat-shell";
import { Composer } from "@/components/chat/composer";
import { FirstRun, type FirstRunPrompt } from "@/components/chat/first-run";
import { MessageList } from "@/components/chat/message-list";
import { UndoRedo } from "@/components/chat/undo-redo";
import { TurnStatus } from "@/components/chat/turn-status";
import { useDurableChat, type PendingInput, type Transcript } from "@/components/chat/use-durable-chat";
import type { ChatMessage } from "@/lib/chat/message";
import { loadTranscript, mintChatAccessToken, startChatSession } from "./actions";
import { useRefreshChats } from "./chat-frame";
import type { ChatEnvironment } from "./environment";
import { describeError } from "./expected-error";
import { useMessageRows } from "./use-message-rows";

export type ChatViewProps = {
  chatId: string;
  environment: ChatEnvironment;
  /** Called when the first message has made the row. Given only for a chat that has none yet. */
  onCreated?: () => void;
  transcript?: Transcript<ChatMessage>;
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
  accessToken,
  pendingInput,
  prompts = [],
}: ChatViewProps) {
  const refreshChats = useRefreshChats();
  const chat = useDurableChat<ChatMessage>({
    chatId,
    task: "chat",
    baseURL: environment.baseURL,
    transcript: transcript ?? nothingYet,
    accessToken,
    pendingInput,
    startSession: async (id) => {
      const session = await startChatSession({ chatId: id });
      onCreated?.();
      return session;
    },
    mintAccessToken: mintChatAccessToken,
    loadTranscript,
  });

  const { isAnswering, branches } = chat;
  const rows = useMessageRows(chat);
  const hasMessages = chat.messages.length > 0;
  useEffect(() => {
    if (hasMessages) refreshChats();
  }, [hasMessages, isAnswering, refreshChats]);

  const history = (
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
        empty={
          <>
            <FirstRun
              prompts={prompts}
              onPick={(prompt) => void chat.send(prompt)}
              isDisabled={isAnswering}
            />
            {history}
          </>
        }
        footer={
          <div className="flex items-start justify-between gap-3">
            <TurnStatus
              state={chat.turn}
              detail={chat.turn === "failed" && chat.error ? describeError(chat.error) : undefined}
              onRetry={() => void chat.retry()}
            />
            {history}
          </div>
        }
      />
      <ChatDock>
        <Composer
          draftKey={`${environment.userId}:${onCreated ? "new" : chatId}`}
          onSend={(text) =>
            chat.send(text).catch((error: unknown) => Promise.reject(new Error(describeError(error))))
          }
          onStop={() => void chat.stop()}
          isStreaming={isAnswering}
          disabledReason={
            branches.isReadOnly
              ? "The answer is being written in another version. This one can be read until it ends."
              : undefined
          }
          modelLabel={environment.modelLabel}
          autoFocus
        />
      </ChatDock>
    </>
  );
}
