"use client";

import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { UIMessage } from "ai";
import { EventCard } from "@/components/chat/conversation/event-card";
import { EditMessage } from "@/components/chat/conversation/edit-message";
import { hasMeta, MessageMeta } from "@/components/chat/conversation/message-meta";
import { Message, type MessageProps } from "@/components/chat/conversation/message";
import { MessageActions } from "@/components/chat/conversation/message-actions";
import type { DurableChatHandle } from "@/components/chat/durable/use-durable-chat";
import { VersionNotice } from "@/components/chat/conversation/version-notice";
import type { ChatMessage } from "@/lib/chat/message";
import { readEvent } from "@/lib/events/event-message";
import { messageText } from "@/lib/chat/message-text";
import { describeError } from "./actions/expected-error";

/**
 * Renders the messages of a chat with their actions and separators. All of it is stable while only the answer's text
 * changes, so that a token renders one message instead of all.
 */
export function useMessageRows(
  chat: DurableChatHandle<ChatMessage>,
  /** Shows why an action was refused. Must be stable. */
  attempt: (doing: Promise<unknown>) => void,
  /** Must be stable. */
  renderTool: MessageProps["renderTool"],
) {
  const latest = useRef(chat.branches);
  useEffect(() => {
    latest.current = chat.branches;
  });
  const [editing, setEditing] = useState<{ id: string; draft?: string; error?: string }>();
  const { versionOf, earlier } = chat.branches;
  const isReading = chat.remoteWriter !== undefined || chat.isClosed;

  const renderActions = useCallback(
    (message: UIMessage, isStreaming: boolean): ReactNode => {
      if (isStreaming) return null;
      const version = versionOf(message.id);
      const switchTo = (nodeId: string | undefined) =>
        nodeId === undefined ? undefined : () => attempt(latest.current.switchTo(nodeId));
      const isQuestion = message.role === "user";
      return (
        <MessageActions
          message={message}
          onEdit={isQuestion && !isReading ? () => setEditing({ id: message.id }) : undefined}
          onRegenerate={
            isQuestion || isReading ? undefined : () => attempt(latest.current.regenerate(message.id))
          }
          onContinue={isReading ? undefined : () => attempt(latest.current.continueFrom(message.id))}
          meta={isQuestion ? undefined : metaOf(message)}
          version={
            version && {
              index: version.index,
              count: version.count,
              onPrevious: switchTo(version.previousId),
              onNext: switchTo(version.nextId),
            }
          }
        />
      );
    },
    [attempt, isReading, versionOf],
  );

  const renderEditor = useCallback(
    (message: UIMessage): ReactNode =>
      message.id === editing?.id && (
        <EditMessage
          text={messageText(message)}
          draft={editing.draft}
          error={editing.error}
          onCancel={() => setEditing(undefined)}
          onSave={(draft) => {
            // The new version shows at once. If the server refuses it, the old one returns, with the editor open.
            setEditing(undefined);
            latest.current
              .edit(message.id, draft)
              .catch((error: unknown) => setEditing({ id: message.id, draft, error: describeError(error) }));
          }}
        />
      ),
    [editing],
  );

  const [earlierId, showId] = [earlier?.messageId, earlier?.version.previousId];
  const [index, count] = [earlier?.version.index ?? 0, earlier?.version.count ?? 0];
  const renderNotice = useCallback(
    (message: UIMessage): ReactNode =>
      message.id === earlierId &&
      showId !== undefined && (
        <VersionNotice
          index={index - 1}
          count={count}
          onShow={() => attempt(latest.current.switchTo(showId))}
        />
      ),
    [attempt, count, earlierId, index, showId],
  );

  return useCallback(
    (message: UIMessage, isStreaming: boolean): ReactNode => (
      <>
        <Message
          message={message}
          isStreaming={isStreaming}
          actions={isEvent(message) ? undefined : renderActions(message, isStreaming)}
          editor={renderEditor(message)}
          renderTool={renderTool}
          event={eventOf(message)}
        />
        {renderNotice(message)}
      </>
    ),
    [renderActions, renderEditor, renderNotice, renderTool],
  );
}

const isEvent = (message: UIMessage) => readEvent(message) !== undefined;

/** By message, so that a card renders again only when its message has changed. */
const eventCards = new WeakMap<UIMessage, ReactNode>();

/** An event from another service, in the place of a person's message. */
function eventOf(message: UIMessage): ReactNode {
  const event = readEvent(message);
  if (event && !eventCards.has(message)) eventCards.set(message, <EventCard {...event} />);
  return eventCards.get(message);
}

/** Usage of the answer, if known: stopped answers, and providers that don't report it, have none. */
function metaOf(message: UIMessage): ReactNode {
  const { inputTokens, outputTokens, cost, finishedAt } = (message as ChatMessage).metadata ?? {};
  const known = { inputTokens, outputTokens, cost, finishedAt, text: messageText(message) };
  return hasMeta(known) ? <MessageMeta {...known} /> : undefined;
}
