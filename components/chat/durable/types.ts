import type { FileUIPart, UIMessage } from "ai";
import type { Transcript } from "./transcript";

/** A question that the engine has accepted and that no transcript has yet. `seq` is its input record. */
export type PendingInput<M extends UIMessage> = { message: M; seq: number };

/** A message as the composer hands it over. */
export type OutgoingMessage = { text: string; files: FileUIPart[] };

/** A message that waits for the running answer, or, if it is held, for the person to send it again. */
export type QueuedMessage = OutgoingMessage & { id: string; isHeld?: boolean };

/** The page that asked for the running answer: another tab of this browser, or another device. */
export type RemoteWriter = "tab" | "device";

/** `settled`: no answer is running, and the transcript is complete. */
export type AwaitedAnswer = "settled" | "queued" | "running" | "revived";

/** Asks the server to check an overdue answer and to revive its run. `isLeaving`: the page is being closed. */
export type LookAfter = (chatId: string, options?: { isLeaving?: boolean }) => Promise<AwaitedAnswer>;

/** A move in the tree of versions, made by the server without the agent. A message's id may stand for its node. */
export type BranchMove =
  | { type: "switch"; nodeId: string }
  | { type: "undo"; headId: string }
  | { type: "redo"; headId: string | null }
  | { type: "continue-from"; nodeId: string };

export type DurableChatOptions<M extends UIMessage> = {
  /** The chat's id: also the URL and the external id of its session. */
  chatId: string;
  /** Task id of the agent. */
  task: string;
  /** Where the engine's HTTP API is, for example `/engine`. */
  baseURL: string;
  /** The transcript that the page loaded. Read once. */
  transcript: Transcript<M>;
  /** A token for the chat's session. Absent while the chat has no session; null if the page could not get one. */
  accessToken?: Promise<string | null> | undefined;
  /** Questions that wait for an answer and are not in the transcript. */
  pendingInput?: Promise<PendingInput<M>[]> | undefined;
  /** Creates the chat and its session. Must be safe to repeat. Called before the first message. */
  startSession(chatId: string): Promise<{ publicAccessToken: string }>;
  /**
   * Asks the first question of a new chat, and lets its answer begin at once. Undefined: the agent is asked in the usual
   * way. Must be safe to repeat; the message's id is the same then.
   */
  headStart?(chatId: string, message: M): Promise<{ publicAccessToken: string } | undefined>;
  /** Returns a fresh token when the engine refuses the present one. Must be safe to repeat. */
  mintAccessToken(chatId: string): Promise<string>;
  /** Turns an id into one that marks a steering message for the agent. */
  steeringId(id: string): string;
  /** Loads the newest page; with `before`, the page before that message; with `through`, the branch of that node. */
  loadTranscript(chatId: string, page?: { before?: string; through?: string }): Promise<Transcript<M>>;
  /** Moves to another branch and returns its transcript. Safe to repeat. Rejects with a sentence for the reader. */
  moveBranch(chatId: string, move: BranchMove): Promise<Transcript<M>>;
  /** The key for queued messages in the browser's storage; include the chat's id. Without it, a reload loses them. */
  queueKey?: string;
  /** Without it, a page whose worker died waits forever. */
  lookAfter?: LookAfter;
  /** Asks the server whether the chat's run waits for a worker. Without it, `turn` is never "queued". */
  isQueued?: (chatId: string, signal: AbortSignal) => Promise<boolean>;
  /** True once the chat is deleted: the page then sends and expects nothing. */
  isClosed?: boolean;
  /** Called when the session is closed, by the agent or because the chat was deleted. */
  onClosed?: () => void;
};
