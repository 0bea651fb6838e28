"use client";

import { useChat } from "@ai-sdk/react";
import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import { type FileUIPart, generateId, type UIMessage } from "ai";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import "../shared/random-uuid";
import { Deliveries } from "./deliveries";
import { KnownError } from "../shared/known-error";
import { patientFetch, untilReached, type Connection } from "./retrying-fetch";
import { restartAware } from "./restart-aware-transport";
import type { Transcript } from "./transcript";
import { answerState, isWaitingForHuman, runningTool, type TurnState } from "./turn-state";
import { useBranches, type Branches, type BranchMove } from "./use-branches";
import { useChatTransport } from "./use-chat-transport";
import { withoutInjected } from "./injected-messages";
import { type IsQueuedOptions, useIsQueued } from "./use-is-queued";
import { useMessageQueue, type MessageQueue, type OutgoingMessage } from "./use-message-queue";
import { type Elsewhere, useOtherPages } from "./use-other-pages";
import { type LookAfter, useRevive } from "./use-revive";
import { useIsStalled } from "./use-is-stalled";
import { steeringMessage, useSteering } from "./use-steering";

/** A question that the engine has accepted and that no transcript has yet. */
export type PendingInput<M extends UIMessage> = { message: M; seq: number };

export type DurableChatOptions<M extends UIMessage> = {
  /** The chat's id: also the URL and the external id of its session. */
  chatId: string;
  /** Task id of the agent. */
  task: string;
  /** Where the engine's HTTP API is, for example `/engine`. */
  baseURL: string;
  transcript: Transcript<M>;
  /** A token for the chat's session, when it has one. Null, or a promise of null: the page could not get one yet. */
  accessToken?: Promise<string | null>;
  /** What waits to be answered and is not in the transcript, as far as the page could learn. */
  pendingInput?: Promise<PendingInput<M>[]>;
  /** Creates the chat and its session; must be safe to repeat. Called before the first message. */
  startSession(chatId: string): Promise<{ publicAccessToken: string }>;
  /** A fresh token, whenever the engine refuses the present one. */
  mintAccessToken(chatId: string): Promise<string>;
  /** Marks the id of a message for the running answer, as the agent expects it. */
  steeringId: (id: string) => string;
  /** Where queued messages are kept in this browser; name the chat in it. */
  queueKey?: string;
  /** Has the server look after an answer that does not come. Without it, a dead worker's page waits for good. */
  lookAfter?: LookAfter;
  isQueued?: IsQueuedOptions["isQueued"];
  /** The chat is gone: nothing is sent, awaited or looked for any more. */
  isClosed?: boolean;
  /** The session was closed, by the agent or because its chat was deleted. */
  onClosed?: () => void;
  /** Moves through the tree on the server, and returns what is shown then. Rejects while an answer is being written. */
  moveBranch: (chatId: string, move: BranchMove) => Promise<Transcript<M>>;
  /** The newest page; or the one before a message; or, to look at only, the branch through a node. */
  loadTranscript: (chatId: string, page?: { before?: string; through?: string }) => Promise<Transcript<M>>;
};

export type DurableChat<M extends UIMessage> = {
  messages: M[];
  /** What the quiet line under the conversation says. */
  turn: TurnState;
  /** The tool that is at work, while `turn` says that one is. */
  tool: string | undefined;
  /** An answer is on its way, whether or not this page asked for it. */
  isAnswering: boolean;
  error: Error | undefined;
  /** Why the last saved turn failed, in words for the reader. It outlives `error`, which a reload forgets. */
  failure: string | undefined;
  /** Resolves when the engine has the message for good; rejects, with nothing left behind, when it never got it. */
  send(message: string | { text: string; files?: FileUIPart[] }): Promise<void>;
  /** Ends the running answer; what is written so far stays. */
  stop(): Promise<void>;
  /** Answers the last question again. An answer that is being written is stopped first. */
  retry(): Promise<void>;
  branches: Branches;
  /** The last answer, when it was stopped or broke off and nothing is being written. */
  partialId: string | undefined;
  /** The last question, when it is saved, has no answer, and none is on its way. */
  unansweredId: string | undefined;
  /** The branch goes further up than what is loaded. */
  hasOlder: boolean;
  loadOlder: () => Promise<void>;
  /** What waits for the answer that is being written; sent in order when it has ended well. */
  queue: MessageQueue;
  /** Puts a message into the answer that is being written, at its next step. What comes too late is asked after it. */
  steer: (message: OutgoingMessage) => Promise<void>;
  /** Steered, and not yet taken up. */
  steering: UIMessage[];
  /** Sends a queued message before the others: into the running answer, or at once when there is none. */
  sendQueuedNow: (id: string) => Promise<void>;
  /**
   * Call it before something outside of this page makes the agent go on, such as a decision. What it resolves with
   * shows what the agent then says, to the end.
   */
  expectTurn: () => Promise<() => Promise<void>>;
  /** Where the answer was asked for, while another page is at it: this one reads along until it ends, or takes over. */
  elsewhere: Elsewhere | undefined;
  takeOver: () => void;
  isClosed: boolean;
  /** Whether this page asked that question. */
  isOwn: (messageId: string) => boolean;
};

/** In milliseconds, one after the other. A turn is saved a moment after its end, on a busy machine a long one. */
const SAVED_WITHIN = [0, 50, 150, 400, 1_000, 2_000, 4_000, 8_000];

/** One chat, alive: sends, streams, resumes after a reload, survives restarts on the other side. */
export function useDurableChat<M extends UIMessage>(options: DurableChatOptions<M>): DurableChat<M> {
  const { chatId, transcript, accessToken, pendingInput, isClosed = false } = options;
  /** As it is, not as it was last drawn. */
  const isClosedNow = useRef(isClosed);
  const [connection, setConnection] = useState<Connection>("online");
  const [outcome, setOutcome] = useState<"recovered" | "stopped" | "failed" | undefined>(
    transcript.status === "failed" ? "failed" : undefined,
  );
  const [abandoned, setAbandoned] = useState<ReadonlySet<string>>(new Set());
  const [isRestarting, setIsRestarting] = useState(false);
  // A settled chat is resumed too, to learn of a question that was sent a moment before the page was loaded.
  // Until the first chunk nobody needs to know.
  const [isQuiet, setIsQuiet] = useState(transcript.status !== "running");
  const isOnline = useSyncExternalStore(
    subscribeToNetwork,
    () => navigator.onLine,
    () => true,
  );
  const [isDelivering, setIsDelivering] = useState(false);
  const [saved, setSaved] = useState(transcript);
  const latestSaved = useRef(saved);
  useEffect(() => {
    latestSaved.current = saved;
  }, [saved]);
  const [deliveries] = useState(() => new Deliveries());
  /** What was sent last and never arrived. Sent again it is the same message, in case that it did arrive. */
  const unsent = useRef<{ id: string; content: string }>(undefined);
  /** The stop that was pressed last, on its way to the engine behind its question. */
  const lastStop = useRef<Promise<void>>(Promise.resolve());
  /** Aborted at the next stop. */
  const untilStop = useRef(new AbortController());
  /** What is written next belongs to an answer that was stopped here. */
  const isStopUnheard = useRef(false);
  const [told, setTold] = useState<KnownError>();
  const hasRest = useRef(false);
  const isRepeated = useRef(false);
  /** A piece of an answer came whose beginning was never read. */
  const isTorn = useRef(false);
  const refusal = useRef<Error>(undefined);
  /** The newest input record that is known to be this page's. */
  const lastInput = useRef(-1);
  /** The newest input record that this page knows to be answered. */
  const answeredInput = useRef(Number(transcript.cursors?.lastInEventId ?? -1));
  const asked = useRef<string>(undefined);
  const own = useRef(new Set<string>());
  /** Somebody else has stopped the answer that was followed. */
  const wasCut = useRef(false);
  /** Requests whose stream is being followed: as they are, and as they were last drawn. */
  const followedNow = useRef(0);
  const [followed, setFollowed] = useState(0);
  const followsBegun = useRef(0);
  /** How many of them have ended. */
  const [follows, setFollows] = useState(0);

  const [sharedToken] = useState(shareBriefly<string>);
  const [fetchPatiently] = useState(() => patientFetch(setConnection));
  const triggerTransport = useChatTransport({
    task: options.task,
    baseURL: options.baseURL,
    fetch: fetchPatiently,
    startSession: ({ chatId: id }) => untilReached(() => options.startSession(id), fetchPatiently.patience()),
    accessToken: ({ chatId: id }) => sharedToken(() => untilReached(() => options.mintAccessToken(id))),
    onEvent,
  });

  const [transport] = useState(() => restartAware<M>(triggerTransport));
  useEffect(() =>
    transport.listen({
      onStart,
      onRestart,
      onRepeat,
      onRest,
      onCut,
      onFailure: (error) => setTold(error),
      onUnsent: (id, error) => deliveries.fail(id, error),
    }),
  );

  const chat = useChat<M>({
    id: chatId,
    messages: transcript.messages,
    transport,
    throttle: 40,
    onData: (part) => {
      if (part.type === "data-run-recovered") setOutcome("recovered");
    },
    onError: (error) => {
      if (error.name === "AI_UIMessageStreamError") isTorn.current = true;
      else refusal.current = error;
    },
  });

  const chatStatus = useRef(chat.status);
  useEffect(() => {
    chatStatus.current = chat.status;
  });

  const steering = useSteering(chat.messages);

  function onEvent(event: ChatTransportEvent) {
    if (event.type === "session-closed") close();
    deliveries.onEvent(event);
    if (event.type === "turn-completed") noteAnswered(event.sessionInEventId);
  }

  function noteAnswered(seq: string | undefined) {
    answeredInput.current = Math.max(answeredInput.current, Number(seq ?? -1));
  }

  function close() {
    isClosedNow.current = true;
    options.onClosed?.();
  }

  function onStart(messageId: string, resumed: boolean) {
    setIsQuiet(false);
    pages.onStart();
    if (!resumed) void yieldToOthers(messageId).catch(() => {});
    if (!resumed || chat.messages.some((message) => message.id === messageId)) return;
    // The question of a resumed answer may have been saved after this page was rendered.
    if (chat.messages.at(-1)?.role !== "user") void load().then(merge);
  }

  function onRestart(abandonedId: string) {
    setAbandoned((ids) => new Set(ids).add(abandonedId));
  }

  function onRepeat() {
    isRepeated.current = true;
  }

  function onRest() {
    hasRest.current = true;
    setIsRestarting(true);
  }

  const { loadTranscript } = options;
  const load = useCallback(
    (page?: { before?: string; through?: string }) => untilReached(() => loadTranscript(chatId, page)),
    [chatId, loadTranscript],
  );

  /** What is saved as it was saved; what was never saved is newer, and follows as it is shown. */
  function merge(fresh: Transcript<M>) {
    const saved = savedIds(fresh);
    show(fresh, (shown) => shown.filter(({ id }) => !saved.has(id)));
  }

  /** The messages that are saved, now or when this page last looked. */
  function savedIds(fresh: Transcript<M>): ReadonlySet<string> {
    return new Set([...fresh.messages, ...latestSaved.current.messages].map(({ id }) => id));
  }

  const { setMessages } = chat;
  const shownNow = useRef(chat.messages);
  useEffect(() => {
    shownNow.current = chat.messages;
  });
  /** Earlier pages stay where they lead up to the fresh one; `newer` picks what follows it. */
  const show = useCallback(
    (fresh: Transcript<M>, newer: (rest: M[]) => M[] = () => []) => {
      const first = fresh.messages[0]?.id;
      const earlier = Math.max(
        0,
        first === undefined ? 0 : shownNow.current.findIndex(({ id }) => id === first),
      );
      setMessages((shown) => [...shown.slice(0, earlier), ...fresh.messages, ...newer(shown.slice(earlier))]);
      answeredInput.current = Math.max(answeredInput.current, Number(fresh.cursors?.lastInEventId ?? -1));
      setSaved((known) => ({
        ...fresh,
        ...(earlier > 0 && { nextCursor: known.nextCursor }),
        versions: { ...without(known.versions, fresh.messages), ...fresh.versions },
      }));
    },
    [setMessages],
  );

  const live = useMemo(() => {
    const asked = withoutInjected(chat.messages);
    return abandoned.size === 0 ? asked : asked.filter(({ id }) => !abandoned.has(id));
  }, [abandoned, chat.messages]);
  const isBusy = chat.status === "submitted" || chat.status === "streaming";
  const isExpecting = isRestarting || (isBusy && !isQuiet);
  const pages = useOtherPages<M>({
    chatId,
    task: options.task,
    baseURL: options.baseURL,
    messages: chat.messages,
    isAnswering: isExpecting || isDelivering,
    onClosed: close,
    generation: follows,
    isIdle: !isClosed && isOnline && followed === 0 && !isDelivering,
    isBusyNow: () => followedNow.current > 0 || deliveries.size > 0,
    isOwnEnd(news) {
      if (!isStopUnheard.current) return false;
      if (news.type !== "turn-completed") return true;
      isStopUnheard.current = false;
      noteAnswered(news.sessionInEventId);
      void settleBehindStream().catch(() => {});
      return true;
    },
    load,
    show,
    merge,
    session: readSoFar,
    accessToken: () => sharedToken(() => untilReached(() => options.mintAccessToken(chatId))),
    async follow(fresh) {
      pointAt(fresh, triggerTransport.getSession(chatId)?.publicAccessToken ?? "");
      setIsQuiet(fresh.status !== "running");
      // How the answer before ended is no longer the news.
      if (fresh.status !== "idle") setOutcome(fresh.status === "failed" ? "failed" : undefined);
      await follow(chat.resumeStream());
      setIsQuiet(false);
    },
    settle: settleBehindStream,
  });
  const { waiting, ask, know, tellMoved, catchUp, isFollowing: isFollowingOthers } = pages;
  const isAnswering = !isClosed && (isExpecting || waiting.length > 0);
  const withWaiting = useMemo(() => (waiting.length > 0 ? [...live, ...waiting] : live), [live, waiting]);

  /** Nothing for a chat that has no session yet. */
  function readSoFar() {
    const session = triggerTransport.getSession(chatId);
    if (!session) return undefined;
    const { publicAccessToken, lastEventId } = session;
    return {
      publicAccessToken,
      lastEventId: later(lastEventId, latestSaved.current.cursors?.lastOutEventId),
    };
  }

  /** Nothing more comes, and the stream may never say so: shows what is saved, as a reload would. */
  async function letGo(following: number) {
    if (chatStatus.current === "error") return;
    const fresh = await load();
    // What has been asked since is not what was found to be over.
    if (following !== followsBegun.current || deliveries.size > 0) return;
    if (!isOver(fresh) || followedNow.current === 0) return;
    hasRest.current = false;
    transport.dropRest();
    await chat.stop();
    showSaved(fresh);
    if (fresh.status === "failed") setOutcome("failed");
  }

  /** What was followed has ended: shows it as it is saved. */
  async function settleBehindStream() {
    if (isClosedNow.current) return;
    if (chatStatus.current === "error") return;
    const answered = answeredInput.current;
    const fresh = await loadUntil(load, ({ cursors }) => Number(cursors?.lastInEventId ?? -1) >= answered);
    if (fresh) showSaved(fresh);
  }

  /** As it is saved, and behind it what this page has asked since. */
  function showSaved(fresh: Transcript<M>) {
    const saved = savedIds(fresh);
    show(fresh, (shown) => {
      const since = shown.findIndex(({ id }) => own.current.has(id) && !saved.has(id));
      return since === -1 ? [] : shown.slice(since).filter(({ id }) => !saved.has(id));
    });
  }

  async function loadOlder(): Promise<void> {
    if (saved.nextCursor === undefined) return;
    const older = await load({ before: saved.nextCursor });
    const ids = new Set(older.messages.map((message) => message.id));
    setMessages((shown) => [...older.messages, ...shown.filter((message) => !ids.has(message.id))]);
    setSaved((known) => ({
      ...known,
      nextCursor: older.nextCursor,
      versions: { ...older.versions, ...known.versions },
    }));
  }

  /** `useChat` settles when a stream ends; an answer that began again goes on behind the next resume. */
  async function follow(request: Promise<void>, isResumed = false) {
    followedNow.current += 1;
    followsBegun.current += 1;
    setFollowed((count) => count + 1);
    isStopUnheard.current = false;
    const before = answeredInput.current;
    wasCut.current = false;
    try {
      await followToEnd(request);
      // What this page did not ask for, or did not see to its end, may have gone otherwise than it was shown.
      if (wasCut.current || (isResumed && answeredInput.current > before)) await settleBehindStream();
    } finally {
      followedNow.current -= 1;
      setFollowed((count) => count - 1);
      setFollows((count) => count + 1);
    }
  }

  function onCut() {
    wasCut.current = true;
  }

  async function followToEnd(request: Promise<void>) {
    await request;
    for (;;) {
      if (isTorn.current) await mend();
      while (hasRest.current) {
        hasRest.current = false;
        if (isRepeated.current) show(await load());
        isRepeated.current = false;
        await chat.resumeStream();
        if (isTorn.current) await mend();
      }
      setIsRestarting(false);
      const late = steering.takeLate(currentMessages());
      if (!late) return;
      await followLate(late);
    }
  }

  /** Reads what is being written to its end unseen, and shows what is saved of it. */
  async function mend() {
    isTorn.current = false;
    setIsRestarting(true);
    chat.clearError();
    const fresh = await load();
    show(fresh);
    if (!isOver(fresh)) {
      pointAt(fresh, triggerTransport.getSession(chatId)?.publicAccessToken ?? "");
      const rest = await triggerTransport.reconnectToStream({ chatId });
      await rest?.pipeTo(new WritableStream()).catch(() => {});
      const saved = await loadUntil(load, isOver);
      if (saved) showSaved(saved);
    }
    setIsRestarting(false);
  }

  /**
   * The answer that begins after a send is not always the one to it: another page may have asked first. Then this page
   * follows in the order of the engine, with its own question behind.
   */
  async function yieldToOthers(answerId: string) {
    const input = triggerTransport.getSession(chatId)?.activeInputSeq ?? 0;
    if (input <= answeredInput.current + 1) return;
    const fresh = await load();
    const question = fresh.messages.findLast(({ role }) => role === "user")?.id;
    // A question that is asked again has no new id, but this page has seen it.
    const isOurs =
      asked.current === undefined ? question && pages.isKnown(question) : question === asked.current;
    if (isOurs && fresh.messages.every(({ id }) => id !== answerId)) return;
    const mine = currentMessages().find(({ id }) => id === asked.current);
    if (mine) pages.expect(mine);
    hasRest.current = false;
    transport.dropRest();
    await chat.stop();
    await pages.catchUp();
  }

  /** A steered message that no step took up is the next turn. Its place on the stream is behind everything so far. */
  async function followLate(message: UIMessage) {
    setMessages((shown) => [...shown, message as M]);
    const session = triggerTransport.getSession(chatId);
    if (!session) return;
    lastInput.current += 1;
    triggerTransport.setSession(chatId, { ...session, activeInputSeq: lastInput.current, isStreaming: true });
    await chat.resumeStream();
  }

  /** As they are, not as they were last drawn. */
  function currentMessages(): M[] {
    let current: M[] = [];
    setMessages((shown) => (current = shown));
    return current;
  }

  async function steer({ text, files }: OutgoingMessage): Promise<void> {
    if (files.length > 0)
      throw new KnownError("Files can't be added to a running answer. Queue the message instead.");
    const message = steeringMessage(text, options.steeringId);
    own.current.add(message.id);
    pages.know(message.id);
    lastInput.current = Math.max(
      lastInput.current,
      triggerTransport.getSession(chatId)?.activeInputSeq ?? -1,
    );
    if (!(await triggerTransport.sendPendingMessage(chatId, message)))
      throw new KnownError("The answer could not be reached. Try again, or queue the message.");
    steering.add(message);
  }

  const following = useRef(follow);
  useEffect(() => {
    following.current = follow;
  });

  /** What is read next is what the transcript does not reflect. A turn that is known to come is waited for. */
  const pointAt = useCallback(
    ({ cursors = {}, status }: Transcript<M>, publicAccessToken: string, waitingSeq?: number) => {
      const { lastOutEventId, lastInEventId } = cursors;
      const awaited = status === "running" ? Number(lastInEventId ?? -1) + 1 : waitingSeq;
      triggerTransport.setSession(chatId, {
        publicAccessToken,
        ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
        ...(awaited === undefined ? {} : { activeInputSeq: awaited, isStreaming: true }),
      });
    },
    [chatId, triggerTransport],
  );

  const { resumeStream } = chat;
  const connecting = useRef<Promise<void>>(undefined);
  const connect = useCallback(async () => {
    if (!accessToken) return;
    const [token, pending] = await Promise.all([orElse(accessToken, null), orElse(pendingInput, [])]);
    const known = new Set(transcript.messages.map((message) => message.id));
    const waiting = pending.filter(({ message }) => !known.has(message.id));
    if (waiting.length > 0) {
      setMessages((shown) => [...shown, ...waiting.map(({ message }) => message)]);
      setIsQuiet(false);
    }
    // An empty token is refused once, and then `accessToken` brings a good one.
    pointAt(transcript, token ?? "", waiting[0]?.seq);
  }, [accessToken, pendingInput, pointAt, setMessages, transcript]);
  useEffect(() => {
    if (connecting.current || !accessToken) return;
    connecting.current = connect();
    // A resume that fails is shown by `error`.
    void connecting.current.then(() => following.current(resumeStream(), true)).then(() => setIsQuiet(false));
  }, [accessToken, connect, resumeStream]);

  async function connected(): Promise<void> {
    await connecting.current;
  }

  async function send(
    outgoing: string | { text: string; files?: FileUIPart[] },
    givenId?: string,
  ): Promise<void> {
    const { text, files = [] } = typeof outgoing === "string" ? { text: outgoing } : outgoing;
    const content = JSON.stringify([text, files]);
    const id = givenId ?? (unsent.current?.content === content ? unsent.current.id : generateId());
    unsent.current = undefined;
    // It did arrive, and only the word of that was lost.
    if (currentMessages().some((message) => message.id === id)) return;
    setOutcome(undefined);
    setIsQuiet(false);
    setIsDelivering(true);
    const delivered = deliveries.expect(id);
    delivered.catch(() => {});
    const parts = [...files, ...(text ? [{ type: "text", text }] : [])];
    const message = { id, role: "user", parts } as unknown as M;
    let followed: Promise<void> | undefined;
    const wasStopped = aborted(untilStop.current.signal);
    asked.current = id;
    own.current.add(id);
    pages.ask(message);
    try {
      // Without the session's cursor the answer would begin with what is already shown; a message that overtook a move
      // would land on the branch that is being left; and one that overtook a stop would be stopped by it.
      const [isFollowing] = await Promise.all([
        pages.isFollowing(),
        connected(),
        moved(),
        lastStop.current.catch(() => {}),
      ]);
      if (isFollowing) {
        if (!(await triggerTransport.sendPendingMessage(chatId, message))) throw notSent();
        return pages.expect(message);
      }
      // What was shown of an answer that failed or was stopped may not be what is saved of it.
      const followsTorso = outcome === "failed" || chat.status === "error" || isStopUnheard.current;
      // Its failure is shown by `error`; what the caller waits for is the delivery.
      followed = follow(chat.sendMessage(message)).then(async () => {
        if (followsTorso) await settleBehindStream();
        // As it is by then: the undo that made this a new version may have been under way when it was sent.
        else if (latestSaved.current.canRedo) await settle();
      });
      const isStopped = await Promise.race([delivered.then(() => false), wasStopped.then(() => true)]);
      // It goes on its way, with the stop behind it. The person is through with it, unless it does not arrive.
      if (isStopped) void delivered.catch(() => withdraw().then(() => queue.hold({ text, files }, id)));
    } catch (error) {
      unsent.current = { id, content };
      await withdraw();
      throw error;
    } finally {
      void delivered.catch(() => {}).finally(() => setIsDelivering(deliveries.size > 0));
    }

    async function withdraw() {
      deliveries.fail(id, notSent());
      // Only then is the failure the chat's, and can be cleared.
      await followed;
      chat.setMessages((messages) => messages.filter((shown) => shown.id !== id));
      chat.clearError();
      pages.withdraw(id);
    }
  }

  /** Ends what is shown at once. The stop goes behind its question, and is kept there until a run has heard it. */
  async function stop(): Promise<void> {
    setOutcome("stopped");
    setIsQuiet(false);
    setIsRestarting(false);
    hasRest.current = false;
    transport.dropRest();
    fetchPatiently.giveUp();
    untilStop.current.abort();
    untilStop.current = new AbortController();
    const before = [lastStop.current.catch(() => {}), deliveries.allSettled(), connected()];
    lastStop.current = Promise.all(before).then(async () => {
      const session = triggerTransport.getSession(chatId);
      // Without a session nothing was asked.
      if (!session) return;
      isStopUnheard.current = session.isStreaming === true || session.activeInputSeq !== undefined;
      if (await triggerTransport.stopGeneration(chatId)) return;
      isStopUnheard.current = false;
      setOutcome(undefined);
      throw new KnownError("The answer could not be stopped. Check the connection, then press Stop again.");
    });
    const kept = lastStop.current;
    await chat.stop();
    await kept;
  }

  /** What an answer changed around it, as a reload would show it. */
  async function settle() {
    const fresh = await loadUntil(load, isOver);
    if (fresh) merge(fresh);
  }

  async function retry(): Promise<void> {
    if (isAnswering) await stop();
    const question = currentMessages().findLast(({ role }) => role === "user");
    if (!question) return;
    const { messages } = await load();
    if (messages.some(({ id }) => id === question.id)) return branches.regenerate(question.id);
    // It was never saved, so there is nothing to regenerate.
    const files = question.parts.filter((part) => part.type === "file");
    const text = question.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    chat.clearError();
    setMessages((shown) =>
      shown.slice(
        0,
        shown.findIndex(({ id }) => id === question.id),
      ),
    );
    await send({ text, files }, question.id);
  }

  const { sendMessage, clearError } = chat;
  const act = useCallback(
    async (action: Record<string, unknown>) => {
      await connecting.current;
      await lastStop.current.catch(() => {});
      setOutcome(undefined);
      setIsQuiet(false);
      clearError();
      refusal.current = undefined;
      const newId = typeof action.newId === "string" ? action.newId : undefined;
      asked.current = newId;
      if (newId !== undefined) own.current.add(newId);
      if (newId !== undefined) know(newId);
      ask();
      await following.current(sendMessage(undefined, { body: { action } }));
      if (!refusal.current) return;
      const { status } = await load();
      // A question that was asked and could not be answered is a failed turn; anything else was refused.
      if (status === "failed") return setOutcome("failed");
      clearError();
      throw refusal.current;
    },
    [ask, clearError, know, load, sendMessage],
  );

  const { moveBranch } = options;
  const move = useCallback(
    async (to: BranchMove): Promise<Transcript<M>> => {
      await lastStop.current.catch(() => {});
      setOutcome(undefined);
      clearError();
      const moveOnce = () => untilReached(() => moveBranch(chatId, to));
      const fresh = await moveOnce().catch(async (error: unknown) => {
        // The last word of an answer is read a moment before it is saved.
        const isJustOver = !isOver(await load()) && (await loadUntil(load, isOver)) !== undefined;
        if (!isJustOver) throw error;
        return moveOnce();
      });
      tellMoved();
      return fresh;
    },
    [chatId, clearError, load, moveBranch, tellMoved],
  );

  const latestSettle = useRef(settle);
  useEffect(() => {
    latestSettle.current = settle;
  });
  const expectTurn = useCallback(async () => {
    await connecting.current;
    // Read before the turn is asked for: afterwards nobody could tell whether it is still to come or over already.
    const { cursors } = await load();
    return async () => {
      const { lastOutEventId, lastInEventId } = cursors ?? {};
      // The watch at the stream's tail may have been quicker: then it is being followed, or over and shown.
      if (await isFollowingOthers()) return catchUp();
      if (answeredInput.current > Number(lastInEventId ?? -1)) return;
      setOutcome(undefined);
      setIsQuiet(false);
      triggerTransport.setSession(chatId, {
        publicAccessToken: triggerTransport.getSession(chatId)?.publicAccessToken ?? "",
        ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
        activeInputSeq: Number(lastInEventId ?? -1) + 1,
        isStreaming: true,
      });
      await following.current(resumeStream());
      await latestSettle.current();
    };
  }, [catchUp, chatId, isFollowingOthers, load, resumeStream, triggerTransport]);

  const answerSoFar = isBusy || waiting.length === 0 ? answerState(live.at(-1)) : undefined;
  const isQueued = useIsQueued({
    chatId,
    isWaiting: isAnswering && !isDelivering && answerSoFar === undefined,
    isQueued: options.isQueued,
  });
  useRevive({
    chatId,
    lookAfter: options.lookAfter,
    isExpecting: isAnswering && isOnline,
    progress: chat.messages,
    hasFailed: chat.status === "error",
    following: () => followsBegun.current,
    onSettled: (following) => void letGo(following).catch(() => {}),
  });
  const isStalled = useIsStalled({
    isWriting: isAnswering && !isDelivering && !isQueued && answerSoFar !== "using-tool",
    progress: chat.messages,
  });
  const queue = useMessageQueue({
    storageKey: options.queueKey,
    // Whatever ended otherwise than well has to be looked at first.
    isReady:
      !isClosed &&
      !isAnswering &&
      !isDelivering &&
      !isQuiet &&
      isOnline &&
      connection === "online" &&
      chat.status !== "error" &&
      pages.elsewhere === undefined &&
      (outcome === undefined || outcome === "recovered") &&
      steering.waiting.length === 0,
    hasArrived: (id) => chat.messages.some((message) => message.id === id),
    send: (message) => send(message, message.id),
  });

  async function sendQueuedNow(id: string): Promise<void> {
    const message = queue.queued.find((candidate) => candidate.id === id);
    if (!message) return;
    // What a running answer cannot take is first in line instead.
    if (isAnswering && message.files.length > 0) return queue.move(id, 0);
    await (isAnswering ? steer(message) : send(message, id));
    queue.remove(id);
  }

  const isUnfinished = !isAnswering && isPartial(live.at(-1), saved);
  const { preview, moved, ...branches } = useBranches<M>({
    messages: withWaiting,
    setMessages,
    saved,
    isAnswering,
    load,
    async settle() {
      const fresh = await loadUntil(load, isOver);
      if (fresh) show(fresh);
    },
    act,
    move,
    show,
    stop,
  });
  const visited = useMemo(() => preview && withoutInjected(preview), [preview]);
  return {
    messages: visited ?? withWaiting,
    turn: turnState(),
    tool: runningTool(live.at(-1)),
    isAnswering,
    // The same words, and known to be for the reader.
    error: told?.message === chat.error?.message ? told : chat.error,
    failure: saved.failure,
    send: (outgoing) => send(outgoing),
    stop,
    retry,
    branches,
    partialId: isUnfinished && preview === undefined ? live.at(-1)?.id : undefined,
    unansweredId: isAnswering || preview !== undefined ? undefined : unanswered(live.at(-1), saved),
    hasOlder: preview === undefined && saved.nextCursor !== undefined,
    loadOlder,
    queue,
    steer,
    steering: steering.waiting,
    sendQueuedNow,
    expectTurn,
    elsewhere: pages.elsewhere,
    takeOver: pages.takeOver,
    isClosed,
    isOwn: useCallback((messageId: string) => own.current.has(messageId), []),
  };

  function turnState(): TurnState {
    if (isClosed) return "idle";
    const isWaiting = !isUnfinished && isWaitingForHuman((preview ?? live).at(-1));
    if (!isOnline) return "offline";
    if (connection === "reconnecting") return "reconnecting";
    if (chat.status === "error") return "failed";
    if (!isAnswering) return outcome ?? (isWaiting ? "waiting" : "idle");
    if (isDelivering) return "sending";
    if (isStalled) return "stalled";
    if (answerSoFar) return answerSoFar;
    if (isQueued) return "queued";
    return outcome === "recovered" ? "recovered" : "thinking";
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function notSent(): KnownError {
  return new KnownError("The message could not be sent. Check the connection, then try again.");
}

/**
 * What the page promised, or `missing` when it could not keep it. Not `promise.catch`: a promise that came from the
 * server has a `then` that returns nothing.
 */
async function orElse<T>(promise: Promise<T> | undefined, missing: T): Promise<T> {
  try {
    return (await promise) ?? missing;
  } catch {
    return missing;
  }
}

/** Of two cursors, the one that is further on. */
function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Number(one) > Number(other) ? one : other;
}

function without(versions: Transcript<UIMessage>["versions"] = {}, messages: UIMessage[]) {
  const fresh = new Set(messages.map(({ id }) => id));
  return Object.fromEntries(Object.entries(versions).filter(([id]) => !fresh.has(id)));
}

/** A stream and a message that are refused at the same moment need one new token, not two. */
function shareBriefly<T>(): (make: () => Promise<T>) => Promise<T> {
  let last: { made: number; value: Promise<T> } | undefined;
  return (make) => {
    if (last && Date.now() - last.made < 5_000) return last.value;
    const value = make();
    last = { made: Date.now(), value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}

/** A turn is saved a moment after its stream has ended. Undefined when that takes too long. */
async function loadUntil<T>(load: () => Promise<T>, isSaved: (fresh: T) => boolean): Promise<T | undefined> {
  for (const delay of SAVED_WITHIN) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    const fresh = await load();
    if (isSaved(fresh)) return fresh;
  }
  return undefined;
}

function isOver({ status }: Pick<Transcript<UIMessage>, "status">): boolean {
  return status !== "running";
}

function isPartial(
  message: UIMessage | undefined,
  { nonFinalIds = [] }: Pick<Transcript<UIMessage>, "nonFinalIds">,
) {
  return message?.role === "assistant" && message.parts.length > 0 && nonFinalIds.includes(message.id);
}

function unanswered(
  message: UIMessage | undefined,
  { messages, status }: Pick<Transcript<UIMessage>, "messages" | "status">,
): string | undefined {
  const isSaved = message?.role === "user" && messages.at(-1)?.id === message.id;
  return isSaved && status === "idle" ? message.id : undefined;
}

function subscribeToNetwork(onChange: () => void): () => void {
  window.addEventListener("online", onChange);
  window.addEventListener("offline", onChange);
  return () => {
    window.removeEventListener("online", onChange);
    window.removeEventListener("offline", onChange);
  };
}
