import type { UIMessage } from "ai";
import type { Transcript } from "../transcript";

/** The position of the shown version among its alternatives, counted from 1. */
export type Version = { index: number; count: number; previousId?: string; nextId?: string };

/** The last edit or regenerate: the message before it (null at the start) and the versions that existed there. */
export type AskedAgain = { after: string | null; ids: string[] };

type Versions = NonNullable<Transcript<UIMessage>["versions"]>[string];

/** Undefined while a message has no alternatives. */
export function versionAmong(versions: Versions | undefined): Version | undefined {
  if (!versions || versions.ids.length < 2) return undefined;
  const at = versions.ids.indexOf(versions.nodeId);
  if (at === -1) return undefined;
  const [previousId, nextId] = [versions.ids[at - 1], versions.ids[at + 1]];
  return {
    index: at + 1,
    count: versions.ids.length,
    ...(previousId !== undefined && { previousId }),
    ...(nextId !== undefined && { nextId }),
  };
}

/** The message after that one; after null, the first one. */
export function messageAfter<M extends UIMessage>(
  id: string | null | undefined,
  messages: M[],
): M | undefined {
  if (id === undefined) return undefined;
  if (id === null) return messages[0];
  const at = messages.findIndex((message) => message.id === id);
  return at === -1 ? undefined : messages[at + 1];
}

/** The messages before that one; none if it is not in the list. */
export function messagesBefore<M extends UIMessage>(messageId: string, messages: M[]): M[] {
  const at = messages.findIndex(({ id }) => id === messageId);
  return messages.slice(0, Math.max(0, at));
}
