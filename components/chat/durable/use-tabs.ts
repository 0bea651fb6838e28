"use client";

import type { UIMessage } from "ai";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import "../shared/random-uuid";

/** What the tabs of one chat tell each other. */
type Word<M> =
  /** The answer that comes is this tab's; `question` unless it is asked again. */
  | { says: "asks"; from: string; question?: M }
  /** Its question never got to the engine. */
  | { says: "withdraws"; from: string; id: string }
  | { says: "takes-over"; from: string }
  /** The chat shows another branch, or another end of its branch. */
  | { says: "moved"; from: string }
  /** No answer of this tab is awaited any more. */
  | { says: "rests"; from: string }
  | { says: "who"; from: string };

export type TabsOptions<M extends UIMessage> = {
  chatId: string;
  /** An answer is awaited here, whoever asked for it. When it has come, this tab writes no longer. */
  isAnswering: boolean;
  /** Another tab has sent this. It may be in no transcript yet. */
  onAsked: (question: M, from: string) => void;
  onWithdrawn: (questionId: string) => void;
  onMoved: () => void;
  /** The answers that this tab waited for are there, or the tab is gone. */
  onRested: (from: string) => void;
};

export type Tabs<M extends UIMessage> = {
  /** The other tab whose answer is being written. */
  writer: string | undefined;
  /** Tells the others that the answer to come is this tab's. */
  ask: (question?: M) => void;
  withdraw: (questionId: string) => void;
  /** Tells the others that another branch is shown. */
  tellMoved: () => void;
  /** From now on the answer is this tab's, and the others read. */
  takeOver: () => void;
};

/**
 * Who is writing, among the tabs of this browser that show the same chat. A tab holds a lock of its own for as long as
 * it lives, so the others notice when it is closed or crashes. Without locks (plain http) they wait for the answer's end.
 */
export function useTabs<M extends UIMessage>(options: TabsOptions<M>): Tabs<M> {
  const { chatId, isAnswering } = options;
  const [writer, setWriter] = useState<string>();
  const isWriting = useRef(false);
  const [takeOvers, setTakeOvers] = useState(0);
  const post = useRef<(word: Word<M>) => void>(() => {});
  const [id] = useState(() => crypto.randomUUID());

  const onRest = useEffectEvent((tab: string) => {
    setWriter((current) => (current === tab ? undefined : current));
    options.onRested(tab);
    // Its reader may see the next answer, which is this tab's.
    if (isWriting.current) post.current({ says: "asks", from: id });
  });

  const hear = useEffectEvent((word: Word<M>) => {
    switch (word.says) {
      case "asks":
        // Two that ask at the same moment both write, in the order in which the engine got them.
        if (!isWriting.current) setWriter(word.from);
        if (word.question) options.onAsked(word.question, word.from);
        return;
      case "withdraws":
        return options.onWithdrawn(word.id);
      case "moved":
        return options.onMoved();
      case "takes-over":
        isWriting.current = false;
        return setWriter(word.from);
      case "rests":
        return onRest(word.from);
      case "who":
        if (isWriting.current) post.current({ says: "asks", from: id });
    }
  });

  useEffect(() => {
    if (typeof BroadcastChannel === "undefined") return;
    const channel = new BroadcastChannel(`holdfast:chat:${chatId}`);
    channel.onmessage = ({ data }) => hear(data as Word<M>);
    post.current = (word) => channel.postMessage(word);
    post.current({ says: "who", from: id });
    const leave = live(id);
    return () => {
      if (isWriting.current) channel.postMessage({ says: "rests", from: id } satisfies Word<M>);
      isWriting.current = false;
      post.current = () => {};
      channel.close();
      leave();
    };
  }, [chatId, id]);

  useEffect(() => {
    if (writer === undefined) return;
    return whenGone(writer, () => onRest(writer));
  }, [writer]);

  useEffect(() => {
    if (isAnswering || !isWriting.current) return;
    isWriting.current = false;
    post.current({ says: "rests", from: id });
    // Also when this tab has taken over and nothing is written: the others would read along for ever.
  }, [id, isAnswering, takeOvers]);

  const ask = useCallback(
    (question?: M) => {
      isWriting.current = true;
      setWriter(undefined);
      post.current({ says: "asks", from: id, ...(question && { question }) });
    },
    [id],
  );
  const withdraw = useCallback(
    (questionId: string) => post.current({ says: "withdraws", from: id, id: questionId }),
    [id],
  );
  const takeOver = useCallback(() => {
    isWriting.current = true;
    setWriter(undefined);
    setTakeOvers((count) => count + 1);
    post.current({ says: "takes-over", from: id });
  }, [id]);
  const tellMoved = useCallback(() => post.current({ says: "moved", from: id }), [id]);
  return { writer, ask, withdraw, takeOver, tellMoved };
}

const lockOf = (tab: string) => `holdfast:tab:${tab}`;

/** Holds the tab's lock until the returned function is called, or the tab is gone. */
function live(tab: string): () => void {
  let leave = () => {};
  const left = new Promise<void>((resolve) => (leave = resolve));
  if ("locks" in navigator) void navigator.locks.request(lockOf(tab), () => left).catch(() => {});
  return leave;
}

function whenGone(tab: string, onGone: () => void): () => void {
  const abort = new AbortController();
  // An abort means that nobody waits any more.
  if ("locks" in navigator)
    navigator.locks.request(lockOf(tab), { signal: abort.signal }, onGone).catch(() => {});
  return () => abort.abort();
}
