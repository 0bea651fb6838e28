/**
 * What a run may still say after another has taken over. It may have a save in flight for as long as the retries
 * last, and must then neither move the conversation back nor replace what is whole.
 */
import type { TranscriptChange, TranscriptChangeset, TranscriptStorageContext } from "@trigger.dev/sdk/ai";
import type { Chat } from "@/prisma/generated/client";
import type { Tree } from "./tree";

type SavedBy = Pick<Chat, "lastOutEventId" | "lastInEventId" | "runId" | "runCreatedAt">;
type CursorColumns = Pick<Chat, "lastOutEventId" | "lastInEventId">;
type Saying = Pick<TranscriptChangeset, "reason" | "changes" | "cursors">;

export type Run = { id: string | null; createdAt: Date | null };

export function runOf({ ctx, runId }: TranscriptStorageContext): Run {
  const createdAt = new Date((ctx as Partial<typeof ctx>).run?.createdAt ?? Number.NaN);
  return { id: runId || null, createdAt: Number.isNaN(createdAt.getTime()) ? null : createdAt };
}

/** Older than the run that saved last, or behind its cursors without being newer. */
export function isOutdated(chat: SavedBy, run: Run, { cursors }: Saying): boolean {
  switch (age(run, chat)) {
    case "older":
      return true;
    case "newer":
      return false;
    case "same":
      return (
        isBehind(cursors?.lastOutEventId, chat.lastOutEventId) ||
        isBehind(cursors?.lastInEventId, chat.lastInEventId)
      );
  }
}

/** Of an outdated save, what nobody else has: new messages, and the whole of an answer that is only known in part. */
export function whatIsMissing(tree: Tree, changes: TranscriptChange[]): TranscriptChange[] {
  const known = new Map([...tree.nodes.values()].map((node) => [node.messageId, node]));
  return changes.filter((change) => {
    if (change.op !== "put") return false;
    const node = known.get(change.message.id);
    return !node || (!node.final && change.final !== false);
  });
}

/** A whole answer turns partial again only when its turn really went on, which shows in the cursor. */
export function withoutRegressions(
  tree: Tree,
  chat: SavedBy,
  { changes, cursors }: Saying,
): TranscriptChange[] {
  if (isBehind(chat.lastOutEventId ?? undefined, cursors?.lastOutEventId ?? null)) return changes;
  const whole = new Set([...tree.nodes.values()].flatMap((node) => (node.final ? [node.messageId] : [])));
  return changes.filter(
    (change) => !(change.op === "put" && change.final === false && whole.has(change.message.id)),
  );
}

/** The cursors to write: those given, unless they would go back. */
export function nextCursors(chat: SavedBy, run: Run, saying: Saying): Partial<CursorColumns> {
  if (beginsNewStream(chat, run, saying)) return { lastOutEventId: null, lastInEventId: null };
  const mayGoBack = startsNewStream(chat, run, saying);
  const { lastOutEventId, lastInEventId } = saying.cursors ?? {};
  const forward = (given: string | undefined, stored: string | null): given is string =>
    given !== undefined && (mayGoBack || !isBehind(given, stored));
  return {
    ...(forward(lastOutEventId, chat.lastOutEventId) ? { lastOutEventId } : {}),
    ...(forward(lastInEventId, chat.lastInEventId) ? { lastInEventId } : {}),
  };
}

/**
 * A run that takes over carries the cursors it has loaded. One that has none was not booted as a continuation: its
 * session is new, and what was stored points into a stream that is gone.
 */
function beginsNewStream(chat: SavedBy, run: Run, { reason, cursors }: Saying): boolean {
  return age(run, chat) === "newer" && reason === "turn-start" && cursors?.lastOutEventId === undefined;
}

/**
 * A newer run that ends a turn before the cursor writes to a stream that began again: the engine's data was deleted,
 * or the chat moved to another engine. A turn's start carries what was loaded, which may lag behind; its end carries
 * a position of its own.
 */
function startsNewStream(chat: SavedBy, run: Run, { reason }: Saying): boolean {
  return age(run, chat) === "newer" && (reason === "turn-complete" || reason === "turn-error");
}

function age(run: Run, chat: SavedBy): "older" | "same" | "newer" {
  if (run.id === null || run.id === chat.runId || !run.createdAt || !chat.runCreatedAt) return "same";
  const difference = run.createdAt.getTime() - chat.runCreatedAt.getTime();
  return difference < 0 ? "older" : difference > 0 ? "newer" : "same";
}

/** Sequence numbers, as text. Anything else is opaque and never behind. */
function isBehind(given: string | undefined, stored: string | null): boolean {
  if (given === undefined || stored === null || !/^\d+$/.test(given) || !/^\d+$/.test(stored)) return false;
  return BigInt(given) < BigInt(stored);
}
