/** How a reader moves through the tree, and what asks the agent for an answer besides a new message. */
import { z } from "zod";

/** A node, by its own id or by the id of the message that stands in it. */
const nodeId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{Cc}+$/u, "An id has no control characters.");

/** Made by the page; the same action sent again is the same action. */
const actionId = z.string().min(1).max(64);
const newMessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, "`newId` may only have letters, digits, - and _, at most 128 of them.");

/** Moves the head of a chat and asks for nothing. The server carries it out. */
export const branchMove = z.discriminatedUnion("type", [
  /** Shows the branch through `nodeId`, down to the leaf that was last seen under it. */
  z.object({ type: z.literal("switch"), nodeId }),
  /** Steps back before the last question of the branch that ends at `headId`. */
  z.object({ type: z.literal("undo"), headId: nodeId }),
  /** Steps forward again from `headId`, or from the empty start. */
  z.object({ type: z.literal("redo"), headId: nodeId.nullable() }),
  /** Ends the shown branch at `nodeId`: the next message goes on from there. Discards what comes after it. */
  z.object({ type: z.literal("continue-from"), nodeId }),
]);

/** Asks for an answer on another branch. The agent carries it out. */
const branchActions = [
  /** Asks a question again in other words: a new sibling of `nodeId`, whose files it keeps. The old one stays. */
  z.object({ type: z.literal("edit"), actionId, nodeId, newId: newMessageId, text: z.string() }),
  /** Asks for another answer beside `nodeId`, or for one to the question `nodeId`. */
  z.object({ type: z.literal("regenerate"), actionId, nodeId }),
] as const;

/** Everything that the agent does besides answering a message. */
export const agentAction = z.discriminatedUnion("type", [
  ...branchActions,
  /** People have decided everything that this message asked: the agent reads what, and continues the message. */
  z.object({ type: z.literal("decided"), messageId: nodeId }),
]);

export type BranchMove = z.infer<typeof branchMove>;
export type BranchAction = z.infer<(typeof branchActions)[number]>;
export type AgentAction = z.infer<typeof agentAction>;

const sentences = {
  "chat-not-found": "This chat does not exist any more.",
  "message-not-found": "This message is not part of this chat. Reload the page to see the latest version.",
  "answer-running": "An answer is being written here. Wait until it's finished, or stop it first.",
  "not-a-question": "Only your own messages can be edited.",
  "no-question": "This message answers no question, so it cannot be answered again.",
};

/** Thrown for a move or an action that cannot be carried out. Its text is for the person who asked for it. */
export class BranchError extends Error {
  override name = "BranchError";
  readonly code: keyof typeof sentences;

  constructor(code: keyof typeof sentences) {
    super(sentences[code]);
    this.code = code;
  }
}
