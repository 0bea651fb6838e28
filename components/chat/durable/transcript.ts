import type { UIMessage } from "ai";

/** A saved conversation as the page loaded it: messages and cursors from one snapshot. */
export type Transcript<M extends UIMessage> = {
  messages: M[];
  cursors?: { lastOutEventId?: string; lastInEventId?: string };
  /** `running`: a question is saved and its answer is not. `failed`: its answer ended in an error. */
  status: string;
  /** Why the last turn failed, in words for the reader. */
  failure?: string;
  /** By message id, the nodes that stand in its place, oldest first, where there is more than one. */
  versions?: Record<string, { nodeId: string; ids: string[] }>;
  /** Answers that were stopped or broke off. */
  nonFinalIds?: string[];
  /** Something hangs below the last message. */
  canRedo?: boolean;
  /** Where the page before this one begins; absent on the first. */
  nextCursor?: string | undefined;
};
