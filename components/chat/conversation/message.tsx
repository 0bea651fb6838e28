"use client";

import { Component, type ReactElement, type ReactNode, Suspense, memo, useLayoutEffect, useRef } from "react";
import { type FileUIPart, type UIMessage, isDataUIPart, isToolUIPart } from "ai";
import { CornerDownRight, File, Globe, Puzzle } from "lucide-react";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { injectedMessages } from "../durable/injected-messages";
import { toText } from "../shared/json";
import { stripBidi } from "../shared/strip-bidi";
import { Markdown } from "../markdown/markdown";
import { MessageImage } from "../tools/message-image";
import { isOwnImage } from "../shared/own-address";
import { Reasoning } from "../tools/reasoning";
import { ToolCard, type ToolPart } from "../tools/tool-card";

type Part = UIMessage["parts"][number];
type DataPart = Extract<Part, { type: `data-${string}` }>;

export type MessageProps = Omit<React.ComponentProps<"article">, "children" | "ref"> & {
  message: UIMessage;
  /** This message is being written. */
  isStreaming?: boolean;
  /** The row under the message: copy, edit, versions. Null reserves its height, undefined omits the row. */
  actions?: ReactNode;
  /** Replaces the content while the message is being edited. */
  editor?: ReactNode;
  /** Replaces the content of a message in the person's place that no person wrote. */
  event?: ReactNode;
  /** Renders the app's own `data-*` parts. Return undefined for others, which are shown as plain cards. */
  renderData?: (part: DataPart) => ReactNode | undefined;
  /** Renders the app's own tools. Return undefined for others, which are shown as generic tool cards. */
  renderTool?: (part: ToolPart, message: UIMessage, isStreaming: boolean) => ReactNode | undefined;
};

/**
 * One message. Memoized by identity: while an answer streams, `useChat` replaces only the last message, so only that
 * one renders again, provided `actions`, `renderData` and `renderTool` are stable.
 */
export const Message = memo(function Message({
  message,
  isStreaming = false,
  actions,
  editor,
  event,
  renderData,
  renderTool,
  className,
  ...props
}: MessageProps) {
  const isUser = message.role === "user" && !event;
  const article = useFocusAfterEdit(message.id, Boolean(editor));
  return (
    <article
      data-slot="message"
      data-message-id={message.id}
      data-role={message.role}
      data-streaming={isStreaming || undefined}
      // A stored role may be any string, such as the name of an inherited property.
      aria-label={
        event ? "Event" : Object.hasOwn(SPEAKERS, message.role) ? SPEAKERS[message.role] : "Message"
      }
      className={cn(
        "group/message flex min-w-0 flex-col",
        !isUser || editor ? "w-full" : "max-w-[90%] items-end self-end sm:max-w-[82%]",
        className,
      )}
      {...props}
      ref={article}
    >
      {editor || event || (
        // Another version in the same place starts with its details folded.
        <MessageBoundary key={message.id} message={message}>
          {/* Catches errors during server rendering, too: React sends the fallback and tries again in the browser. */}
          <Suspense fallback={<PlainText message={message} />}>
            <div
              data-slot="message-content"
              className={cn("flex min-w-0 flex-col", isUser ? "max-w-full items-end gap-2" : "gap-3.5")}
            >
              {message.parts.map((part, index) => (
                <MessagePart
                  // Parts are only appended or updated in place, so the position is a stable key.
                  key={index}
                  part={part}
                  index={index}
                  message={message}
                  isStreaming={isStreaming}
                  isLast={index === message.parts.length - 1}
                  renderData={renderData}
                  renderTool={renderTool}
                />
              ))}
              <Sources parts={message.parts} />
            </div>
          </Suspense>
        </MessageBoundary>
      )}
      {actions !== undefined && !editor && (
        <div
          data-slot="message-actions"
          className={cn(
            "mt-1.5 flex min-h-[26px] flex-wrap items-center gap-0.5 text-xs text-ink-3 pointer-coarse:min-h-11 [&_button:not(:hover)]:text-ink-3",
            isUser ? "-mr-1.5 justify-end" : "-ml-1.5",
          )}
        >
          {actions}
        </div>
      )}
    </article>
  );
});

/** Returns the focus to the Edit button after a canceled edit. */
function useFocusAfterEdit(messageId: string, isEdited: boolean) {
  const article = useRef<HTMLElement>(null);
  const editedId = useRef<string>(undefined);
  useLayoutEffect(() => {
    if (!isEdited && editedId.current === messageId && document.activeElement === document.body) {
      article.current?.querySelector<HTMLElement>("[data-slot=edit-button]")?.focus({ preventScroll: true });
    }
    editedId.current = isEdited ? messageId : undefined;
  }, [isEdited, messageId]);
  return article;
}

const SPEAKERS: Record<UIMessage["role"], string> = { user: "You", assistant: "Answer", system: "System" };

type PartProps = Pick<MessageProps, "message" | "renderData" | "renderTool"> & {
  part: Part;
  index: number;
  isStreaming: boolean;
  isLast: boolean;
};

function MessagePart({
  part,
  index,
  message,
  isStreaming,
  isLast,
  renderData,
  renderTool,
}: PartProps): ReactElement | null {
  if (isToolUIPart(part)) {
    const own = renderTool?.(part, message, isStreaming);
    return own === undefined ? (
      <ToolCard part={part} isStreaming={isStreaming} durationMs={durationOf(message, part.toolCallId)} />
    ) : (
      <>{own}</>
    );
  }
  const injected = injectedMessages(part);
  if (injected) return <Steering text={injected.map(({ text }) => text).join("\n")} />;
  if (isDataUIPart(part)) {
    const own = renderData?.(part);
    return own === undefined ? (
      <UnknownPart name={part.type.slice("data-".length)} value={part.data} />
    ) : (
      <>{own}</>
    );
  }
  // No default case: a part type added by a new SDK fails to compile at `satisfies never` below.
  switch (part.type) {
    case "text":
      if (!part.text) return null;
      return message.role === "user" ? (
        <Bubble text={part.text} />
      ) : (
        <Markdown
          text={part.text}
          idPrefix={`${message.id}-${index}`}
          isStreaming={isStreaming && (isLast || part.state === "streaming")}
        />
      );
    case "reasoning":
      return (
        <Reasoning
          text={part.text}
          isStreaming={isStreaming && (part.state === "streaming" || (part.state === undefined && isLast))}
          durationMs={durationOf(message, part.id ?? `reasoning-${index}`)}
        />
      );
    case "file":
      return <Attachment part={part} />;
    case "reasoning-file":
      return <Attachment part={{ type: "file", mediaType: part.mediaType, url: part.url }} />;
    case "steering-message":
      return (
        <Steering
          text={part.parts
            .map((each) => (each.type === "text" ? each.text : each.filename || "a file"))
            .join("\n")}
        />
      );
    case "custom":
      return <UnknownPart name={part.kind} value={part.providerMetadata} />;
    case "source-url":
    case "source-document":
      // Shown in one row at the end of the message.
      return null;
    case "step-start":
      return null;
  }
  part satisfies never;
  // Types exclude this, but a newer version may have stored such a part.
  return <UnknownPart name={String((part as { type: unknown }).type)} value={part} />;
}

/** A steering message, shown where it reached the answer. */
function Steering({ text }: { text: string }) {
  return (
    <div data-slot="message-steering" className="flex items-start gap-2 text-sm text-ink-2">
      <CornerDownRight aria-hidden className="mt-1 size-3.5 shrink-0 text-ink-3" />
      <span className="wrap-anywhere whitespace-pre-wrap" dir="auto">
        <span className="text-ink-3">You added: </span>
        {text}
      </span>
    </div>
  );
}

/** Longer text, such as a pasted log, takes seconds to lay out, not milliseconds. */
const HUGE = 10_000;

function Bubble({ text }: { text: string }) {
  return (
    <div
      data-slot="message-bubble"
      dir="auto"
      className={cn(
        "max-w-full rounded-xl rounded-br-[4px] bg-raised px-4 py-2.5 wrap-anywhere whitespace-pre-wrap",
        text.length > HUGE && "fast-shaping",
      )}
    >
      {stripBidi(text)}
    </div>
  );
}

function Attachment({ part }: { part: FileUIPart }) {
  const name = stripBidi(part.filename || part.mediaType || "File");
  const isOwn = isOwnImage(part.url);
  if (isOwn && part.mediaType.startsWith("image")) {
    return <MessageImage src={part.url} alt={stripBidi(part.filename || "Image")} />;
  }
  const inside = (
    <>
      <File aria-hidden className="size-4 shrink-0 text-ink-3" />
      <span className="truncate text-ink">{name}</span>
      <span className="shrink-0 text-xs text-ink-3">{part.mediaType}</span>
    </>
  );
  const className =
    "flex h-10 max-w-full items-center gap-2.5 rounded-md border px-3 text-sm pointer-coarse:h-11";
  return isOwn || /^https?:/i.test(part.url) ? (
    <a
      data-slot="message-file"
      href={part.url}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className={cn(className, "hover:bg-raised")}
    >
      {inside}
    </a>
  ) : (
    <div data-slot="message-file" className={className}>
      {inside}
    </div>
  );
}

function Sources({ parts }: { parts: Part[] }) {
  const sources = parts.filter((part) => part.type === "source-url" || part.type === "source-document");
  if (sources.length === 0) return null;
  return (
    <ul
      data-slot="message-sources"
      aria-label="Sources"
      className="flex flex-wrap gap-1.5 pointer-coarse:gap-y-3"
    >
      {sources.map((source, index) => {
        const isLink = source.type === "source-url" && /^https?:\/\//i.test(source.url);
        const label =
          (source.title && stripBidi(source.title)) ||
          (source.type === "source-url" ? hostOf(source.url) : source.filename || source.mediaType);
        const className =
          "relative flex h-[26px] max-w-60 items-center gap-1.5 rounded-full border px-2.5 text-xs text-ink-2 pointer-coarse:h-8 pointer-coarse:after:absolute pointer-coarse:after:inset-x-0 pointer-coarse:after:-inset-y-1.5";
        return (
          <li key={`${source.sourceId}-${index}`} className="min-w-0">
            {isLink ? (
              <a
                href={source.url}
                title={source.url}
                target="_blank"
                rel="noopener noreferrer nofollow"
                className={cn(className, "hover:bg-raised hover:text-ink")}
              >
                <Globe aria-hidden className="size-3.5 shrink-0 text-ink-3" />
                <span className="truncate">{label}</span>
              </a>
            ) : (
              <span className={className}>
                <File aria-hidden className="size-3.5 shrink-0 text-ink-3" />
                <span className="truncate">{label}</span>
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** A part that this version can't render. It belongs to the conversation, so its data is shown. */
function UnknownPart({ name, value }: { name: string; value: unknown }) {
  const text = toText(value);
  return (
    <div data-slot="message-unknown" className="max-w-full overflow-clip rounded-md border text-sm">
      <div className="flex h-10 items-center gap-2.5 px-3 text-ink-2">
        <Puzzle aria-hidden className="size-4 shrink-0 text-ink-3" />
        <span className="truncate">{stripBidi(name)}</span>
      </div>
      {text && (
        <ScrollBox
          aria-label={name}
          className="max-h-48 border-t bg-code px-3 py-2 font-mono text-[13px] leading-5 wrap-anywhere whitespace-pre-wrap"
        >
          {text.slice(0, 4000)}
        </ScrollBox>
      )}
    </div>
  );
}

function PlainText({ message }: { message: UIMessage }) {
  const text = message.parts
    .map((part) => (part.type === "text" && typeof part.text === "string" ? part.text : ""))
    .filter(Boolean)
    .join("\n\n");
  return text ? <div className="wrap-anywhere whitespace-pre-wrap">{text}</div> : null;
}

type BoundaryProps = { message: UIMessage; children: ReactNode };
type BoundaryState = { hasFailed: boolean; message: UIMessage };

/** Limits a rendering error to its message, and tries again when the message changes. */
class MessageBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { hasFailed: false, message: this.props.message };

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { hasFailed: true };
  }

  static getDerivedStateFromProps(props: BoundaryProps, state: BoundaryState): Partial<BoundaryState> | null {
    return props.message === state.message ? null : { hasFailed: false, message: props.message };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div data-slot="message-failed" className="max-w-full rounded-md border px-3 py-2.5 text-sm text-ink-2">
        <p className="mb-1 text-xs text-ink-3">This message can't be displayed. Plain text:</p>
        <PlainText message={this.props.message} />
      </div>
    );
  }
}

/**
 * Durations in the message's metadata, by tool call id or reasoning id: `{ durations: { call_1: 412 } }`. Values that
 * aren't numbers are ignored.
 */
function durationOf(message: UIMessage, id: string) {
  const { metadata } = message;
  if (typeof metadata !== "object" || metadata === null || !("durations" in metadata)) return undefined;
  const { durations } = metadata;
  if (typeof durations !== "object" || durations === null || !Object.hasOwn(durations, id)) return undefined;
  const ms = (durations as Record<string, unknown>)[id];
  return typeof ms === "number" && Number.isFinite(ms) ? ms : undefined;
}

function hostOf(url: string) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
