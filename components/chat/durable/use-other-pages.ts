"use client";

import type { UIMessage } from "ai";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Transcript } from "./transcript";
import { useTabs } from "./use-tabs";
import { type News, useWatch, type WatchOptions } from "./use-stream-tail";

/** Who else the answer is written for: a tab of this browser, or a page somewhere else. */
export type Elsewhere = "tab" | "device";

export type OtherPagesOptions<M extends UIMessage> = Pick<
  WatchOptions,
  "chatId" | "task" | "baseURL" | "session" | "accessToken" | "onClosed" | "generation"
> & {
  /** What is shown of the conversation. */
  messages: M[];
  isAnswering: boolean;
  /** This page is online and follows nothing of its own. */
  isIdle: boolean;
  /** The same at this very moment: what was drawn last may be older. */
  isBusyNow: () => boolean;
  /** Whether this is about an answer that was stopped here, which is followed to its end unseen. */
  isOwnEnd: (news: News) => boolean;
  load: () => Promise<Transcript<M>>;
  show: (fresh: Transcript<M>) => void;
  /** Shows it, and behind it what is shown and was never saved. */
  merge: (fresh: Transcript<M>) => void;
  /** Follows the stream from where a transcript ends to the end of the turn that is under way, if one is. */
  follow: (fresh: Transcript<M>) => Promise<void>;
  /** Shows what is saved, once the turn that was followed is. */
  settle: () => Promise<void>;
};

type Waiting<M> = { question: M; from: string };

const THIS_PAGE = "";
/** What could not be read, or brought nothing, is not asked for again at once, and ever more rarely. */
const PAUSE_MS = 3_000;
const MOST_DOUBLINGS = 5;

/**
 * The same chat, open more than once. When something is written that this page did not ask for, it does what a reload
 * would do: any saved transcript and the stream from its cursor on show each message once.
 */
export function useOtherPages<M extends UIMessage>(options: OtherPagesOptions<M>) {
  const { messages, isAnswering } = options;
  const [behind, setBehind] = useState<Waiting<M>[]>([]);
  const [isElsewhere, setIsElsewhere] = useState(false);
  const [isCatchingUp, setIsCatchingUp] = useState(false);
  const [isPaused, setIsPaused] = useState(false);
  const vain = useRef(0);
  const known = useRef(new Set(messages.map(({ id }) => id)));
  const running = useRef<{ done: Promise<void>; started: Promise<void>; start: () => void }>(undefined);

  const waiting = useMemo(() => {
    const ids = new Set(messages.map(({ id }) => id));
    return behind.flatMap(({ question }) => (ids.has(question.id) ? [] : [question]));
  }, [behind, messages]);

  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });

  /** Whether there was anything new. */
  const catchUpOnce = useCallback(async (): Promise<boolean> => {
    const before = latest.current.session()?.lastEventId;
    const fresh = await latest.current.load();
    const question = fresh.messages.findLast(({ role }) => role === "user");
    const isNews = question !== undefined && !known.current.has(question.id);
    for (const { id } of fresh.messages) known.current.add(id);
    setBehind((list) => list.filter((item) => fresh.messages.every(({ id }) => id !== item.question.id)));
    latest.current.show(fresh);
    if (isNews && fresh.status === "running") setIsElsewhere(true);
    await latest.current.follow(fresh);
    setIsElsewhere(false);
    await latest.current.settle();
    return latest.current.session()?.lastEventId !== before;
  }, []);

  const catchUp = useCallback((): Promise<void> => {
    if (running.current) return running.current.done;
    let start = () => {};
    const started = new Promise<void>((resolve) => (start = resolve));
    const done = (async () => {
      setIsCatchingUp(true);
      try {
        const hasNews = await catchUpOnce();
        vain.current = hasNews ? 0 : vain.current + 1;
      } catch {
        // What is shown stays; the next look may reach the server.
        vain.current += 1;
      } finally {
        setIsPaused(vain.current > 0);
        running.current = undefined;
        setIsElsewhere(false);
        setIsCatchingUp(false);
      }
    })();
    running.current = { done, started, start };
    return done;
  }, [catchUpOnce]);

  /** A move leaves nothing on the stream: what is saved is shown, unless this page is busy with its own. */
  const lookAgain = useCallback(async () => {
    await running.current?.done;
    if (latest.current.isBusyNow()) return;
    const fresh = await latest.current.load();
    if (latest.current.isBusyNow() || fresh.status === "running") return;
    const { messages } = latest.current;
    if (fresh.messages.at(-1)?.id === messages.at(-1)?.id) return;
    for (const { id } of fresh.messages) known.current.add(id);
    latest.current.merge(fresh);
  }, []);

  // Another device may have moved while nobody looked here.
  useEffect(() => {
    const onLook = () => {
      if (document.visibilityState === "visible") void lookAgain().catch(() => {});
    };
    document.addEventListener("visibilitychange", onLook);
    return () => document.removeEventListener("visibilitychange", onLook);
  }, [lookAgain]);

  useEffect(() => {
    if (!isPaused) return;
    const doublings = Math.min(vain.current - 1, MOST_DOUBLINGS);
    const timer = setTimeout(() => setIsPaused(false), PAUSE_MS * 2 ** doublings);
    return () => clearTimeout(timer);
  }, [isPaused]);

  useWatch({
    ...options,
    isOn: options.isIdle && !isCatchingUp && !isPaused,
    onNews: (news) => {
      if (options.isOwnEnd(news)) return false;
      if (!options.isBusyNow()) void catchUp();
      return true;
    },
  });

  const tabs = useTabs<M>({
    chatId: options.chatId,
    isAnswering: isAnswering || waiting.length > 0 || behind.some(({ from }) => from === THIS_PAGE),
    onAsked(question, from) {
      // What another tab of this person asked is no surprise when it comes over the stream.
      known.current.add(question.id);
      setBehind((list) => [...list.filter((other) => other.question.id !== question.id), { question, from }]);
    },
    onWithdrawn: (id) => setBehind((list) => list.filter(({ question }) => question.id !== id)),
    onMoved: () => void lookAgain().catch(() => {}),
    onRested(from) {
      // What it asked is answered, or was refused; what is answered comes over the stream.
      const forget = () => setBehind((list) => list.filter((other) => other.from !== from));
      void (running.current?.done ?? Promise.resolve()).then(forget);
    },
  });

  const { ask, takeOver } = tabs;
  return {
    /** Where the answer that is being written was asked for, when that was not here. */
    elsewhere: elsewhere(),
    takeOver: useCallback(() => {
      setIsElsewhere(false);
      takeOver();
    }, [takeOver]),
    /** Sent, here or in another tab, and to be answered after what is shown. */
    waiting,
    /** This page asks: what comes of it is no news. */
    ask: useCallback(
      (question?: M) => {
        if (question) known.current.add(question.id);
        ask(question);
      },
      [ask],
    ),
    withdraw: tabs.withdraw,
    tellMoved: tabs.tellMoved,
    know: useCallback((id: string) => void known.current.add(id), []),
    isKnown: useCallback((id: string) => known.current.has(id), []),
    /** A question of this page that others have overtaken. */
    expect: useCallback((question: M) => setBehind((list) => [...list, { question, from: THIS_PAGE }]), []),
    catchUp,
    /** An answer that is caught up with has begun. */
    onStart: useCallback(() => running.current?.start(), []),
    /** Resolves with whether an answer is being followed, as soon as that is known. */
    isFollowing: useCallback(async () => {
      const current = running.current;
      if (!current) return false;
      await Promise.race([current.done, current.started]);
      return running.current === current;
    }, []),
  };

  function elsewhere(): Elsewhere | undefined {
    if (tabs.writer !== undefined) return "tab";
    return isElsewhere ? "device" : undefined;
  }
}
