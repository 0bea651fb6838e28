import type { UIMessage } from "ai";
import type { KnownError } from "../shared/known-error";
import type { Branches, BranchesView } from "./branches/branches";
import type { ChatCore } from "./core";
import { withoutInjected } from "./injected-messages";
import type { MessageQueue, MessageQueueView } from "./message-queue";
import { isExpecting, type Phase } from "./phase";
import type { RemoteWriters } from "./pages/remote-writers";
import type { SlowAnswer } from "./slow-answer";
import type { Steering } from "./steering";
import type { SavedTranscript } from "./saved-transcript";
import { answerState, isWaitingForHuman, runningTool, type TurnState } from "./turn-state";
import type { RemoteWriter } from "./types";
import type { Transcript } from "./transcript";

/** An immutable snapshot of what a page shows. */
export type ChatView<M extends UIMessage> = {
  phase: Phase;
  /** The conversation, followed by questions that wait for their turn. */
  messages: M[];
  /** The state for the status line under the conversation. */
  turn: TurnState;
  /** The running tool, while `turn` is "using-tool". */
  tool: string | undefined;
  /** An answer is expected or running, whichever page asked for it. */
  isAnswering: boolean;
  error: Error | undefined;
  /** Why the last saved turn failed, in words for the reader. Unlike `error`, it survives a reload. */
  failure: string | undefined;
  branches: BranchesView;
  /** The last answer, if it is incomplete and no answer is running. */
  partialId: string | undefined;
  /** The last question, if it is saved and has no answer, and none is expected. */
  unansweredId: string | undefined;
  /** There are older messages to load. */
  hasOlder: boolean;
  /** Messages that wait for the running answer. They are sent in order once it ends well. */
  queue: MessageQueueView;
  /** Steering messages that the answer has not taken up yet. */
  steering: M[];
  /** Where the running answer was asked for, if not here. This page is view-only until it ends or takes over. */
  remoteWriter: RemoteWriter | undefined;
  isClosed: boolean;
};

export type ReadParts<M extends UIMessage> = {
  core: ChatCore<M>;
  transcript: SavedTranscript<M>;
  steering: Steering<M>;
  remote: RemoteWriters<M>;
  branches: Branches<M>;
  queue: MessageQueue;
  slow: SlowAnswer<M>;
  /** The last error that the agent or the engine worded for the reader. */
  failure: () => KnownError | undefined;
};

/** Derives the view from the parts. Arrays keep their identity while their content doesn't change. */
export class ChatReader<M extends UIMessage> {
  readonly #parts: ReadParts<M>;
  readonly #withoutHidden = memoize((messages: M[], abandoned: ReadonlySet<string>) => {
    const asked = withoutInjected(messages);
    return abandoned.size === 0 ? asked : asked.filter(({ id }) => !abandoned.has(id));
  });
  readonly #withWaiting = memoize((live: M[], ...waiting: M[]) =>
    waiting.length > 0 ? [...live, ...waiting] : live,
  );
  readonly #visited = memoize((preview: M[]) => withoutInjected(preview));

  constructor(parts: ReadParts<M>) {
    this.#parts = parts;
  }

  /** The shown branch without messages that stand inside answers and without abandoned partial answers. */
  get live(): M[] {
    return this.#withoutHidden(this.#parts.core.messages, this.#parts.transcript.abandoned);
  }

  /** The same, followed by questions that wait for their turn. */
  get shown(): M[] {
    return this.#withWaiting(this.live, ...this.#parts.remote.waiting);
  }

  get isAnswering(): boolean {
    const { core, remote } = this.#parts;
    return !core.isClosed && (isExpecting(core.state) || remote.waiting.length > 0);
  }

  /** The state that the newest part of the answer suggests. Undefined while none of it is visible. */
  get answerSoFar(): TurnState | undefined {
    const { core, remote } = this.#parts;
    const isWritten = core.state.active.following > 0 || remote.waiting.length === 0;
    return isWritten ? answerState(this.live.at(-1)) : undefined;
  }

  /** Whether the next queued message may be sent: nothing is running and nothing went wrong. */
  get canSendQueued(): boolean {
    const { core, transcript, remote, steering } = this.#parts;
    const { outcome, phase } = core.state;
    const last = this.live.at(-1);
    return (
      phase === "idle" &&
      !core.isClosed &&
      !this.isAnswering &&
      core.isOnline &&
      core.connection === "online" &&
      remote.writer === undefined &&
      // After a stop or a failure, the person decides first, also after a reload.
      (outcome === undefined || outcome === "recovered") &&
      !isPartial(last, transcript.saved) &&
      unanswered(last, transcript.saved) === undefined &&
      steering.waiting.length === 0
    );
  }

  view(): ChatView<M> {
    const { core, transcript, steering, remote, branches, queue } = this.#parts;
    const { preview } = branches;
    const last = this.live.at(-1);
    const isAnswering = this.isAnswering;
    const isUnfinished = !isAnswering && isPartial(last, transcript.saved);
    const failure = this.#parts.failure();
    return {
      phase: core.state.phase,
      messages: preview ? this.#visited(preview) : this.shown,
      turn: this.#turn(isUnfinished),
      tool: runningTool(last),
      isAnswering,
      // The same text, as a `KnownError`: it may be shown to the reader.
      error: failure?.message === core.chat.error?.message ? failure : core.chat.error,
      failure: transcript.saved.failure,
      branches: branches.view(),
      partialId: isUnfinished && preview === undefined ? last?.id : undefined,
      unansweredId: isAnswering || preview !== undefined ? undefined : unanswered(last, transcript.saved),
      hasOlder: preview === undefined && transcript.saved.nextCursor !== undefined,
      queue: {
        queued: queue.queued,
        failure: queue.failure,
        add: queue.add,
        edit: queue.edit,
        move: queue.move,
        remove: queue.remove,
      },
      steering: steering.waiting,
      remoteWriter: remote.writer,
      isClosed: core.isClosed,
    };
  }

  #turn(isUnfinished: boolean): TurnState {
    const { core, branches, slow } = this.#parts;
    const { active, hasError, outcome } = core.state;
    if (core.isClosed) return "idle";
    const isWaiting = !isUnfinished && isWaitingForHuman((branches.preview ?? this.live).at(-1));
    if (!core.isOnline) return "offline";
    if (core.connection === "reconnecting") return "reconnecting";
    if (hasError) return "failed";
    if (!this.isAnswering) return outcome ?? (isWaiting ? "waiting" : "idle");
    if (active.delivering > 0) return "sending";
    if (slow.isStalled) return "stalled";
    if (this.answerSoFar) return this.answerSoFar;
    if (slow.isQueued) return "queued";
    return outcome === "recovered" ? "recovered" : "thinking";
  }
}

/** Returns the last result while the arguments are the same. */
function memoize<A extends unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { args: A; result: R } | undefined;
  return (...args) => {
    const isSame = last?.args.length === args.length && args.every((arg, index) => arg === last?.args[index]);
    if (!last || !isSame) last = { args, result: compute(...args) };
    return last.result;
  };
}

function isPartial(
  message: UIMessage | undefined,
  { nonFinalIds = [] }: Pick<Transcript<UIMessage>, "nonFinalIds">,
): boolean {
  return message?.role === "assistant" && message.parts.length > 0 && nonFinalIds.includes(message.id);
}

function unanswered(
  message: UIMessage | undefined,
  { messages, status }: Pick<Transcript<UIMessage>, "messages" | "status">,
): string | undefined {
  const isSaved = message?.role === "user" && messages.at(-1)?.id === message.id;
  return isSaved && status === "idle" ? message.id : undefined;
}
