"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { FileUIPart } from "ai";

/** What a person sends. */
export type OutgoingMessage = { text: string; files: FileUIPart[] };

/** A message that waits for the answer before it, or, when it is held, for its reader. */
export type QueuedMessage = OutgoingMessage & { id: string; isHeld?: boolean };

export type MessageQueue = {
  /** The next one first. */
  queued: QueuedMessage[];
  /** Why the next one was not sent. It waits until the queue is changed or it is sent by hand. */
  failure: Error | undefined;
  add: (message: OutgoingMessage) => void;
  /** It was on its way under that id and did not arrive. It waits for its reader. */
  hold: (message: OutgoingMessage, id: string) => void;
  edit: (id: string, text: string) => void;
  move: (id: string, index: number) => void;
  remove: (id: string) => void;
};

export type MessageQueueOptions = {
  /** Where it is kept in this browser; name the chat in it. Without one a reload empties it. */
  storageKey?: string | undefined;
  /** Nothing is being written, and nothing went wrong: the next one may go. */
  isReady: boolean;
  /** What was sent under this id has arrived already, perhaps before a reload. */
  hasArrived: (id: string) => boolean;
  send: (message: QueuedMessage) => Promise<void>;
};

/**
 * Messages that wait for the answer before them. They are kept in this browser until the engine has them; of several
 * tabs with the same chat one sends them.
 */
export function useMessageQueue({
  storageKey,
  isReady,
  hasArrived,
  send,
}: MessageQueueOptions): MessageQueue {
  // Empty at first, as on the server: what is stored comes after hydration.
  const [queued, setQueued] = useState<QueuedMessage[]>([]);
  const [isSender, setIsSender] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const isSending = useRef(false);
  // What is shown, at this very moment; and whether it is what is stored.
  const latest = useRef(queued);
  const isStored = useRef(true);

  const change = useCallback(
    (edit: (queue: QueuedMessage[]) => QueuedMessage[]) => {
      // Another tab may have changed what is stored since this one looked.
      const before = isStored.current ? read(storageKey) : undefined;
      latest.current = edit(before ?? latest.current);
      isStored.current = write(storageKey, latest.current);
      setQueued(latest.current);
      setFailure(undefined);
    },
    [storageKey],
  );

  useEffect(() => {
    if (storageKey === undefined) return;
    const refresh = () => {
      latest.current = (isStored.current ? read(storageKey) : undefined) ?? latest.current;
      setQueued(latest.current);
    };
    refresh();
    const onStorage = (event: StorageEvent) => event.key === storageKey && refresh();
    window.addEventListener("storage", onStorage);
    return () => window.removeEventListener("storage", onStorage);
  }, [storageKey]);

  useEffect(() => holdLock(storageKey, () => setIsSender(true)), [storageKey]);

  const next = queued.find(({ isHeld }) => !isHeld);
  useEffect(() => {
    if (!next || !isReady || !isSender || failure || isSending.current) return;
    isSending.current = true;
    const arrived = hasArrived(next.id) ? Promise.resolve() : send(next);
    arrived
      .then(
        () => change((queue) => queue.filter(({ id }) => id !== next.id)),
        (error: unknown) => setFailure(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        isSending.current = false;
      });
  }, [change, failure, hasArrived, isReady, isSender, next, send]);

  return {
    queued,
    failure,
    add: (message) => change((queue) => [...queue, { ...message, id: crypto.randomUUID() }]),
    hold: (message, id) => change((queue) => [...queue, { ...message, id, isHeld: true }]),
    edit: (id, text) => change((queue) => queue.map((item) => (item.id === id ? { ...item, text } : item))),
    move: (id, index) =>
      change((queue) => {
        const item = queue.find((candidate) => candidate.id === id);
        return item ? queue.filter((other) => other !== item).toSpliced(index, 0, item) : queue;
      }),
    remove: (id) => change((queue) => queue.filter((item) => item.id !== id)),
  };
}

/** Calls `onHeld` when this tab is the first that asked, or the ones before it are gone. Returns how to let go. */
function holdLock(name: string | undefined, onHeld: () => void): () => void {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const abort = new AbortController();
  // Absent outside secure contexts; two tabs of one chat over plain http are then on their own.
  if (name === undefined || !("locks" in navigator)) {
    queueMicrotask(() => !abort.signal.aborted && onHeld());
  } else {
    navigator.locks
      .request(name, { signal: abort.signal }, () => {
        onHeld();
        return released;
      })
      .catch(() => {});
  }
  return () => {
    abort.abort();
    release();
  };
}

/** Undefined when nothing can be kept here, and then what is shown is all there is. */
function read(key: string | undefined): QueuedMessage[] | undefined {
  if (key === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(value) ? value.filter(isQueued) : [];
  } catch {
    return undefined;
  }
}

/** False when it is full or forbidden: then the queue lives as long as the page. */
function write(key: string | undefined, queue: QueuedMessage[]): boolean {
  if (key === undefined) return false;
  try {
    if (queue.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(queue));
    return true;
  } catch {
    return false;
  }
}

function isQueued(value: unknown): value is QueuedMessage {
  if (typeof value !== "object" || value === null) return false;
  const { id, text, files } = value as Partial<QueuedMessage>;
  return typeof id === "string" && typeof text === "string" && Array.isArray(files);
}
