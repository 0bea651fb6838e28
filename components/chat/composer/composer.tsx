"use client";

import { lazy, type ReactNode, Suspense, useEffect, useId, useRef, useState } from "react";
import type { ChatStatus } from "ai";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { AttachButton } from "./attach-button";
import { AttachmentChips } from "./attachment-chips";
import { ComposerButtons, type SendMode } from "./composer-buttons";
import { ComposerHint } from "./composer-hint";
import { mergeDraft, moveDraft, readDraft, saveDraft } from "./draft";
import { nothingRecalled, recall } from "./prompt-history";
import { matchCommands, type SlashCommand } from "./slash";
import type { Attachment, Attachments } from "./use-attachments";
import type { OutgoingMessage } from "../durable/types";
import { isSendable, tooLong } from "../shared/sendable";
import { useFocusRestore } from "../shared/use-focus-restore";
import { untilLoaded } from "../shared/until-loaded";
import { droppedItems } from "./dropped-files";

const SlashCommands = lazy(() => untilLoaded(() => import("./slash-commands")));

export type ComposerProps = Omit<React.ComponentProps<"form">, "onSubmit" | "children"> & {
  /**
   * Called with the trimmed text and the files. They leave the composer at once, and the draft when the promise
   * resolves.
   * If the promise rejects, they return to the box and the error's message is shown with "Try again". The mode is
   * "send" unless an answer is streaming, or the previous message is still being sent and this one can be queued.
   */
  onSend: (message: OutgoingMessage, mode: SendMode) => Promise<void> | void;
  onStop: () => void;
  /** From `useChat`. An answer counts as streaming while this is "submitted" or "streaming". */
  status?: ChatStatus;
  /** Overrides `status`, for example after a reload in the middle of an answer. */
  isStreaming?: boolean;
  /** While an answer streams, Enter calls `onSend` with mode "queue". Without it, Enter does nothing. */
  canQueue?: boolean;
  /** While an answer streams, Ctrl+Enter or ⌘+Enter sends a message without files with mode "steer". */
  canSteer?: boolean;
  /** From `useAttachments`. Without it the composer accepts text only. */
  attachments?: Attachments;
  /** Earlier prompts, oldest first: arrow-up in an empty box recalls them. */
  history?: string[];
  /** Offered when the text begins with a slash. */
  commands?: SlashCommand[];
  /** Why nothing can be sent now, as a sentence. The typed text is kept. */
  disabledReason?: string;
  placeholder?: string;
  /** The model that will answer, shown below the text: a name, or a `ModelPicker`. */
  modelLabel?: ReactNode;
  maxLength?: number;
  /** The draft's key in this browser's storage; include the chat's id. When it changes, the draft moves. */
  draftKey?: string;
  /** Focuses the box on mount, on devices where that opens no on-screen keyboard. */
  autoFocus?: boolean;
};

type Ready = Extract<Attachment, { state: "ready" }>;
/** A message that has left the box and isn't delivered yet. */
type Underway = { text: string; files: Ready[]; mode: SendMode };
/** `message` is set when it couldn't return to the box because new text was typed there. */
type Failure = { error: string; mode: SendMode; message?: Underway };

export function Composer({
  onSend,
  onStop,
  status = "ready",
  isStreaming = status === "submitted" || status === "streaming",
  canQueue = false,
  canSteer: takesSteering = false,
  attachments,
  history = [],
  commands = [],
  disabledReason,
  placeholder = "Message Holdfast",
  modelLabel,
  maxLength = 100_000,
  draftKey,
  autoFocus = false,
  className,
  ...props
}: ComposerProps) {
  // The box is uncontrolled, so React can't overwrite text typed before hydration.
  const box = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  // "Queue", "Remove" and "Try again" disappear when pressed, so the focus needs a new place.
  const focusRestore = useFocusRestore(form, "textarea");
  const isSendingNow = useRef(false);
  const recalled = useRef(nothingRecalled);
  const keptUnder = useRef(draftKey);
  const [isSending, setIsSending] = useState(false);
  const [isBlank, setIsBlank] = useState(true);
  const [excess, setExcess] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  /** Messages leave the box at once but stay in the draft until delivered, so a reload can't lose them. */
  const underway = useRef<Underway[]>([]);
  const [offered, setOffered] = useState<SlashCommand[]>([]);
  const [active, setActive] = useState(0);
  const hintId = useId();
  const listId = useId();

  const files = attachments?.items ?? [];
  const hasFiles = files.length > 0;
  const isEmpty = isBlank && !hasFiles;
  // A running answer can only be steered with text.
  const canSteer = takesSteering && !hasFiles;

  function readBox() {
    const element = box.current;
    if (!element) return;
    setIsBlank(!isSendable(element.value));
    setExcess(tooLong(element.value, maxLength));
    setOffered(matchCommands(commands, element.value));
    setActive(0);
    grow(element);
  }

  function write(text: string) {
    const element = box.current;
    if (!element) return;
    element.value = text;
    element.setSelectionRange(text.length, text.length);
    keep();
    readBox();
  }

  function wholeDraft(): string {
    return [...underway.current.map(({ text }) => text), box.current?.value ?? ""]
      .filter(isSendable)
      .join("\n\n");
  }

  function keep() {
    saveDraft(keptUnder.current, wholeDraft());
  }

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const merged = mergeDraft(readDraft(draftKey), element.value);
    if (merged !== element.value) element.value = merged;
    readBox();
    if (autoFocus && matchMedia("(pointer: fine)").matches) element.focus({ preventScroll: true });
    // Runs once: afterwards the box is the truth, not the storage.
    // eslint-disable-next-line react/exhaustive-deps
  }, []);

  useEffect(() => {
    moveDraft(keptUnder.current, draftKey, wholeDraft());
    keptUnder.current = draftKey;
    // The box and the messages being sent are read when the key changes, not watched.
    // eslint-disable-next-line react/exhaustive-deps
  }, [draftKey]);

  const obstacle = disabledReason ?? excess ?? waitingFor(files);
  const canSend = !isEmpty && !obstacle && (!isSending || canQueue);

  async function send(wanted: SendMode) {
    const element = box.current;
    if (!element || obstacle) return;
    const mode = isSendingNow.current ? "queue" : wanted;
    const isPossible = mode === "queue" ? canQueue : mode === "steer" ? canSteer : !isStreaming;
    if (!isPossible) return;
    const text = element.value;
    const sent = files.flatMap((file) => (file.state === "ready" ? [file] : []));
    if ((!isSendable(text) && sent.length === 0) || tooLong(text, maxLength)) return;
    element.value = "";
    attachments?.take(idsOf(sent));
    recalled.current = nothingRecalled;
    await dispatch({ text, files: sent, mode });
  }

  async function dispatch(message: Underway) {
    const { text, files: sent, mode } = message;
    if (mode !== "queue") {
      isSendingNow.current = true;
      setIsSending(true);
    }
    setFailure(null);
    underway.current = [...underway.current.filter((other) => other !== message), message];
    readBox();
    try {
      await onSend({ text: text.trim(), files: sent.map((file) => file.part) }, mode);
      underway.current = underway.current.filter((other) => other !== message);
      if (sent.length > 0) attachments?.release(idsOf(sent));
    } catch (cause) {
      giveBack(message, cause instanceof Error && cause.message ? cause.message : "The connection failed");
    } finally {
      keep();
      readBox();
      if (mode !== "queue") {
        isSendingNow.current = false;
        setIsSending(false);
      }
    }
  }

  /** Keeps the returned text apart from text typed since. */
  function giveBack(message: Underway, error: string) {
    const element = box.current;
    const { mode } = message;
    if (!element || isSendable(element.value) || underway.current.length > 1)
      return setFailure({ error, mode, message });
    underway.current = [];
    element.value = message.text;
    attachments?.putBack(idsOf(message.files));
    setFailure({ error, mode });
  }

  function tryAgain({ mode, message }: Failure) {
    // The answer may have ended since queueing failed.
    const now = isStreaming ? mode : "send";
    return message ? dispatch({ ...forget(message), mode: now }) : send(now);
  }

  function forget(message: Underway): Underway {
    underway.current = underway.current.filter((other) => other !== message);
    keep();
    return message;
  }

  /** Enter sends or queues, Ctrl+Enter or ⌘+Enter steers. If only one of the two is possible, both keys do it. */
  function enter(isUrgent: boolean) {
    if (!isStreaming) return send("send");
    if (isSendingNow.current) return send("queue");
    return send((isUrgent && canSteer) || !canQueue ? "steer" : "queue");
  }

  function pick(command: SlashCommand) {
    write(command.insert ?? "");
    command.run?.();
  }

  function onKeyDown(event: React.KeyboardEvent<HTMLTextAreaElement>) {
    // Some browsers report 229 for the key that ends an IME composition.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (offered.length > 0 && steerList(event)) return event.preventDefault();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
      const direction = event.key === "ArrowUp" ? "older" : "newer";
      const next = recall(history, { now: recalled.current, box: event.currentTarget.value, direction });
      if (!next) return;
      event.preventDefault();
      recalled.current = next;
      return write(next.text);
    }
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!event.repeat) void enter(event.ctrlKey || event.metaKey);
  }

  /** Returns true if the list of commands used the key. */
  function steerList(event: React.KeyboardEvent): boolean {
    const command = offered[active];
    if (event.key === "ArrowDown") setActive((active + 1) % offered.length);
    else if (event.key === "ArrowUp") setActive((active - 1 + offered.length) % offered.length);
    else if (event.key === "Escape") setOffered([]);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && command) pick(command);
    else return false;
    return true;
  }

  const explanation =
    obstacle ??
    (isStreaming && !isEmpty && !canQueue && !canSteer
      ? "You can send this when the answer ends, or stop it now."
      : null);

  return (
    <form
      ref={form}
      data-slot="composer"
      data-sending={isSending || undefined}
      className={cn("flex flex-col", className)}
      onSubmit={(event) => event.preventDefault()}
      {...focusRestore}
      {...props}
    >
      {failure && (
        <div
          data-slot="composer-error"
          role="alert"
          className="mx-3 flex items-center gap-3 rounded-t-[14px] border border-b-0 border-red-line bg-red-soft py-1.5 pr-1.5 pl-3.5 text-[13px] leading-5"
        >
          <span className="min-w-0 flex-1 wrap-anywhere">
            <span className="font-medium text-red">Not sent.</span> {failure.error}
            {failure.message && (
              <span className="line-clamp-2 text-ink-2">“{failure.message.text.trim()}”</span>
            )}
          </span>
          {failure.message && (
            <Button
              size="sm"
              variant="ghost"
              onClick={() => {
                const { files: kept } = forget(failure.message!);
                attachments?.release(idsOf(kept));
                setFailure(null);
              }}
            >
              Discard
            </Button>
          )}
          <Button size="sm" onClick={() => void tryAgain(failure)}>
            Try again
          </Button>
        </div>
      )}
      {/* A press anywhere in the frame focuses the box. Keyboards and screen readers use the box itself. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events */}
      <div
        data-slot="composer-frame"
        className="relative cursor-text rounded-xl border border-line-strong bg-surface shadow-card focus-within:border-kelp"
        onClick={(event) => {
          if (event.target === event.currentTarget) box.current?.focus();
        }}
      >
        {offered.length > 0 && (
          <Suspense>
            <SlashCommands id={listId} commands={offered} active={active} onPick={pick} onPoint={setActive} />
          </Suspense>
        )}
        {attachments && <AttachmentChips {...attachments} />}
        <textarea
          ref={box}
          data-slot="composer-input"
          name="message"
          aria-label="Message"
          aria-describedby={hintId}
          aria-invalid={excess ? true : undefined}
          {...(offered.length > 0 && {
            "aria-autocomplete": "list",
            "aria-controls": listId,
            "aria-activedescendant": `${listId}-${active}`,
          })}
          rows={1}
          defaultValue=""
          placeholder={placeholder}
          autoComplete="off"
          enterKeyHint="send"
          dir="auto"
          className="fast-shaping block field-sizing-content max-h-[min(40dvh,320px)] min-h-10 w-full resize-none overflow-y-auto overscroll-contain bg-transparent px-4 pt-3 pb-1 outline-none placeholder:text-ink-3 pointer-coarse:text-[16px]"
          onInput={() => {
            keep();
            if (failure && !failure.message) setFailure(null);
            readBox();
          }}
          onBlur={() => setOffered([])}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const { files: pasted, folders } = droppedItems(event.clipboardData);
            // Word processors add a picture of the copied text. The text is what the person meant to paste.
            const hasWords = event.clipboardData.types.includes("text/plain");
            if (!attachments || pasted.length + folders.length === 0 || hasWords) return;
            event.preventDefault();
            attachments.add(pasted, folders);
          }}
        />
        <div data-slot="composer-bar" className="flex items-center gap-1 pt-1 pr-2.5 pb-2.5 pl-2">
          {attachments && <AttachButton {...attachments} />}
          {typeof modelLabel === "string" ? (
            <span data-slot="composer-model" className="min-w-0 truncate px-2 text-[13px] text-ink-2">
              {modelLabel}
            </span>
          ) : (
            modelLabel
          )}
          <ComposerButtons
            isStreaming={isStreaming}
            canSend={canSend}
            canQueue={canQueue}
            canSteer={canSteer && !isSending}
            explainedBy={explanation ? hintId : undefined}
            onSend={(mode) => void send(mode)}
            onStop={onStop}
          />
        </div>
      </div>
      <ComposerHint
        id={hintId}
        explanation={explanation}
        isError={excess !== null}
        isStreaming={isStreaming}
        canQueue={canQueue}
        canSteer={canSteer}
      />
    </form>
  );
}

function idsOf(attachments: Attachment[]): string[] {
  return attachments.map(({ id }) => id);
}

/** What still has to happen to the files before the message can be sent. */
function waitingFor(files: Attachments["items"]): string | null {
  const failed = files.filter((file) => file.state === "failed");
  if (failed.length > 0) {
    const wayOut = failed.some((file) => file.canRetry) ? "Retry or remove" : "Remove";
    return `${count(failed.length)} couldn't be attached. ${wayOut} ${failed.length === 1 ? "it" : "them"}.`;
  }
  const uploading = files.filter((file) => file.state === "uploading").length;
  return uploading > 0 ? `${count(uploading)} still uploading. You can send when it's done.` : null;
}

function count(files: number) {
  return files === 1 ? "One file" : `${files} files`;
}

/** For browsers without `field-sizing: content`. */
function grow(element: HTMLTextAreaElement) {
  if (CSS.supports("field-sizing", "content")) return;
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
}
