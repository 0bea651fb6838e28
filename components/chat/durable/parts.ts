import type { UIMessage } from "ai";
import type { KnownError } from "../shared/known-error";
import { BranchMoves } from "./branches/branch-moves";
import { Branches } from "./branches/branches";
import { ChatReader } from "./chat-view";
import { ChatCore, type Surroundings } from "./core";
import { Following } from "./following";
import { MessageQueue } from "./message-queue";
import { RemoteWriters } from "./pages/remote-writers";
import { Reviving } from "./reviving";
import { Sending } from "./sending";
import { SlowAnswer } from "./slow-answer";
import { Steering } from "./steering";
import { SavedTranscript } from "./saved-transcript";
import type { DurableChatOptions } from "./types";

/** Creates the parts of a durable chat and connects them to the transport's events. */
export function makeParts<M extends UIMessage>(options: DurableChatOptions<M>, surroundings?: Surroundings) {
  const core = new ChatCore(options, surroundings);
  const transcript = new SavedTranscript(core);
  const steering = new Steering(core);
  const following = new Following(core, transcript, steering);
  const remote = new RemoteWriters(core, transcript, following);
  const reviving = new Reviving(core, (follows) => following.letGo(follows));
  const slow = new SlowAnswer(core);
  // Some parts refer to later ones through functions, because they need them only after construction.
  const isAnswering = () => reader.isAnswering;
  const moves = new BranchMoves(core, transcript, following, remote);
  const branches: Branches<M> = new Branches<M>({
    core,
    transcript,
    moves,
    sending: () => sending,
    isAnswering,
    shown: () => reader.shown,
  });
  const queue = new MessageQueue({
    browser: core.browser,
    storageKey: options.queueKey,
    onChange: core.announce,
    hasArrived: (id) => core.has(id) && !core.deliveries.has(id),
    send: (message) => sending.deliver(message, message.id),
  });
  const sending: Sending<M> = new Sending<M>({
    core,
    transcript,
    following,
    remote,
    steering,
    isAnswering,
    moved: () => moves.ended(),
    onLost: (message, id) => queue.hold(message, id),
  });
  /** The last error that the agent or the engine worded for the reader. */
  let failure: KnownError | undefined;
  const reader: ChatReader<M> = new ChatReader<M>({
    core,
    transcript,
    steering,
    remote,
    branches,
    queue,
    slow,
    failure: () => failure,
  });

  core.onTransportEvent = (event) => {
    if (event.type === "turn-completed") transcript.noteAnswered(event.sessionInEventId);
  };
  core.onError = (error, isTorn) => (isTorn ? following.onTorn() : sending.onRefused(error));
  core.answers.listen({
    onStart(messageId, resumed) {
      core.dispatch({ type: "answer-began" });
      remote.onStart(messageId, resumed);
      following.onStart(messageId, resumed);
    },
    onRestart: (abandonedId) => transcript.abandon(abandonedId),
    onRepeat: () => following.onRepeat(),
    onRest: () => following.onRest(),
    onCut: () => following.onCut(),
    onFailure: (error) => (failure = error),
    onUnsent: (messageId, error) => core.deliveries.fail(messageId, error),
  });
  return {
    core,
    transcript,
    steering,
    following,
    remote,
    sending,
    moves,
    branches,
    queue,
    reviving,
    slow,
    reader,
  };
}

export type ChatParts<M extends UIMessage> = ReturnType<typeof makeParts<M>>;
