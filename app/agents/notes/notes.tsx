"use client";

import "@/components/chat/shared/random-uuid";
import { useChat } from "@ai-sdk/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTriggerChatTransport } from "@trigger.dev/sdk/chat/react";
import type { UIMessage } from "ai";
import Link from "next/link";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { pollEvery } from "@/app/(chat)/_chat/reads/read-client";
import type { Note } from "@/lib/agent/notes";
import { mintNotesToken, openNotes } from "./actions";

type NotesMessage = UIMessage<unknown, { notes: Note[] }>;

const READ_EVERY_MS = 3_000;
/** A reply that takes longer may be nobody's: its worker died. Opening the notes starts another one. */
const REPLY_WITHIN_MS = 5_000;

/** A list that an agent keeps: one note per line, or `read`, `remove 2` or `clear`. */
export function Notes({ initial, baseURL }: { initial: Note[]; baseURL: string }) {
  const [sessionId, setSessionId] = useState<string>();
  const [first, setFirst] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const client = useQueryClient();
  const { data: notes } = useQuery({
    queryKey: ["notes"],
    queryFn: async ({ signal }): Promise<Note[]> => {
      const response = await fetch("/agents/notes/state", { signal });
      if (!response.ok) throw new Error(`The list answered ${response.status}`);
      return ((await response.json()) as { notes: Note[] }).notes;
    },
    initialData: initial,
    refetchInterval: (query) => pollEvery(READ_EVERY_MS)(query),
  });

  /** A newcomer becomes a guest with the first note, so the session has its name only then. */
  async function open(text: string): Promise<void> {
    try {
      const opened = await openNotes();
      setFirst(text);
      setSessionId(opened.sessionId);
    } catch (error) {
      setProblem(describeError(error));
      throw error;
    }
  }

  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[640px] flex-col gap-6 px-4 py-8">
      <header className="flex items-center gap-3">
        <h1 className="text-xl font-semibold tracking-[-0.02em]">Notes</h1>
        <Link
          href="/"
          className="ml-auto rounded-sm px-2.5 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink pointer-coarse:py-3"
        >
          Chats
        </Link>
        <ThemeToggle />
      </header>
      <p className="text-sm text-ink-2">
        An agent keeps this list. Write a note per line, or <code>read</code>, <code>remove 2</code> or{" "}
        <code>clear</code>. The list outlives the agent&rsquo;s process, this page and the browser.
      </p>
      {notes.length === 0 ? (
        <p className="rounded-md border border-dashed px-4 py-6 text-center text-sm text-ink-3">
          No notes yet.
        </p>
      ) : (
        <ol aria-label="Notes" className="flex flex-col divide-y rounded-md border">
          {notes.map(({ id, text }, index) => (
            <li key={id} className="flex gap-3 px-4 py-2.5 text-sm">
              <span className="w-5 shrink-0 text-right text-ink-3 tabular-nums">{index + 1}</span>
              <span dir="auto" className="min-w-0 wrap-anywhere">
                {text}
              </span>
            </li>
          ))}
        </ol>
      )}
      {sessionId === undefined ? (
        <NoteForm onSend={open} />
      ) : (
        <Conversation
          sessionId={sessionId}
          baseURL={baseURL}
          first={first}
          onNotes={(fresh) => {
            void client.cancelQueries({ queryKey: ["notes"] });
            client.setQueryData(["notes"], fresh);
          }}
        />
      )}
      {problem && (
        <p role="alert" className="text-sm text-red">
          {problem}
        </p>
      )}
    </main>
  );
}

type ConversationProps = {
  sessionId: string;
  baseURL: string;
  /** Sent once the session is open. */
  first: string | undefined;
  onNotes: (notes: Note[]) => void;
};

function Conversation({ sessionId, baseURL, first, onNotes }: ConversationProps) {
  const transport = useTriggerChatTransport({
    task: "notes",
    baseURL,
    startSession: async () => ({ publicAccessToken: (await openNotes()).publicAccessToken }),
    accessToken: () => mintNotesToken(),
  });
  const { messages, sendMessage, status, stop, error } = useChat<NotesMessage>({
    id: sessionId,
    transport,
    onData: (part) => {
      if (part.type === "data-notes") onNotes(part.data);
    },
  });
  const isReplying = status === "submitted" || status === "streaming";
  const hasSent = useRef(false);
  useEffect(() => {
    if (first === undefined || hasSent.current) return;
    hasSent.current = true;
    void sendMessage({ text: first });
  }, [first, sendMessage]);
  useEffect(() => {
    if (!isReplying) return undefined;
    const timer = setInterval(() => void openNotes().catch(() => {}), REPLY_WITHIN_MS);
    return () => clearInterval(timer);
  }, [isReplying]);

  const last = messages.at(-1);
  // A worker that takes over replies once more, in a part of its own.
  const reply = last?.role === "assistant" ? last.parts.findLast((part) => part.type === "text") : undefined;
  return (
    <>
      <NoteForm
        onSend={(text) => sendMessage({ text })}
        onStop={() => {
          void transport.stopGeneration(sessionId);
          void stop();
        }}
        isReplying={isReplying}
      />
      <output data-slot="notes-reply" className="text-sm whitespace-pre-line text-ink-2">
        {reply ? reply.text : isReplying ? "…" : ""}
      </output>
      {error && (
        <p role="alert" className="text-sm text-red">
          {describeError(error)}
        </p>
      )}
    </>
  );
}

type NoteFormProps = {
  onSend: (text: string) => Promise<unknown>;
  onStop?: () => void;
  isReplying?: boolean;
};

/** The text stays in the box until it is sent. */
function NoteForm({ onSend, onStop, isReplying = false }: NoteFormProps) {
  const [text, setText] = useState("");
  const [isSending, setIsSending] = useState(false);
  const isBusy = isSending || isReplying;

  function send(event: FormEvent) {
    event.preventDefault();
    if (isBusy || text.trim() === "") return;
    setIsSending(true);
    onSend(text).then(
      () => {
        setText("");
        setIsSending(false);
      },
      () => setIsSending(false),
    );
    if (onStop) setText("");
  }

  return (
    <form onSubmit={send} className="flex items-end gap-2">
      <textarea
        aria-label="Note"
        rows={2}
        value={text}
        placeholder="Buy oats"
        maxLength={4_000}
        className="min-h-11 flex-1 rounded-md border border-line-strong bg-surface px-3 py-2 text-sm pointer-coarse:text-base"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
        }}
      />
      {isReplying && onStop ? (
        <Button onClick={onStop}>Stop</Button>
      ) : (
        <Button type="submit" variant="primary" aria-disabled={isBusy || undefined}>
          Add
        </Button>
      )}
    </form>
  );
}
