/** What a reader can do to the tree besides writing a message. The page sends it, the agent carries it out. */
import { z } from "zod";

/** A node, by its own id or by the id of the message that stands in it. */
const nodeId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{Cc}+$/u, "An id has no control characters.");
export function isNodeId(id: unknown): id is string {
  return nodeId.safeParse(id).success;
}

/** Made by the page; the same action sent again is the same action. */
const actionId = z.string().min(1).max(64);
const newMessageId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, "`newId` may only have letters, digits, - and _, at most 128 of them.");

export const branchAction = z.discriminatedUnion("type", [
  /** Asks a question again in other words: a new sibling of `nodeId`, whose files it keeps. The old one stays. */
  z.object({ type: z.literal("edit"), actionId, nodeId, newId: newMessageId, text: z.string() }),
  /** Asks for another answer beside `nodeId`, or for one to the question `nodeId`. */
  z.object({ type: z.literal("regenerate"), actionId, nodeId }),
  /** Shows the branch through `nodeId`, down to the leaf that was last seen under it. */
  z.object({ type: z.literal("switch"), nodeId }),
  /** Steps back before the last question of the branch that ends at `headId`. */
  z.object({ type: z.literal("undo"), headId: nodeId }),
  /** Steps forward again from `headId`, or from the empty start. */
  z.object({ type: z.literal("redo"), headId: nodeId.nullable() }),
  /** Ends the shown branch at `nodeId`: the next message goes on from there. */
  z.object({ type: z.literal("continue-from"), nodeId }),
]);

export type BranchAction = z.infer<typeof branchAction>;

/** Thrown for an action that cannot be carried out. Its text is shown to the person who asked for it. */
export class BranchError extends Error {
  override name = "BranchError";
}
