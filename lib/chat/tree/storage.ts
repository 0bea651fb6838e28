/**
 * The transcript in the database. The SDK says what changed, `tree.ts` says what that means, and this file writes it:
 * one transaction per save, one save at a time per chat, and it reads only the nodes that the save touches.
 */
import type {
  LoadContextEvent,
  TranscriptChangeset,
  TranscriptLoadResult,
  TranscriptStorage,
  TranscriptStorageContext,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import type { Db, DbClient } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import type { Chat } from "@/prisma/generated/client";
import { sanitise, type ChatMessage } from "../message";
import { saveRequests, type Describe } from "../requests/save";
import { nextLook } from "../revive/next-look";
import type { Changeset, LockedChat } from "./changeset";
import { nextStatus, stateOf, titleOf } from "./chat-columns";
import { readContext } from "./context";
import { isOutdated, nextCursors, runOf, whatIsMissing, withoutRegressions } from "./fencing";
import { loadNodes, predecessors } from "./load-nodes";
import { readBranch } from "./queries";
import { applyChanges } from "./tree";
import { lockChatForSave } from "./tree.sql";
import { writeNodes } from "./write-nodes";

export type StorageOptions = {
  /** What a tool's call asks of a person. Without it, nothing that waits is asked. */
  describe?: Describe;
  /** Why the present turn failed, in words for its reader; asked when a failed turn is saved. */
  failure?: () => string | undefined;
};

export function prismaStorage(
  db: Db,
  { describe = () => undefined, failure = () => undefined }: StorageOptions = {},
): TranscriptStorage {
  return {
    async load<TMessage extends UIMessage>(
      { chatId }: { chatId: string },
      options?: { limit?: number; before?: string },
    ): Promise<TranscriptLoadResult<TMessage>> {
      const branch = await withRetry(() => readBranch(db, chatId, options), {
        doing: `Loading chat ${chatId}`,
      });
      if (!branch) return { messages: [], state: null };
      const { messages, state, cursors, nextCursor, nonFinalIds } = branch;
      return {
        messages: messages as UIMessage[] as TMessage[],
        state,
        cursors,
        nonFinalIds,
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async loadContext<TMessage extends UIMessage>(
      { chatId }: { chatId: string },
      event: LoadContextEvent<unknown, TMessage>,
    ): Promise<TMessage[]> {
      const { messages } = await readContext(db, chatId, event as LoadContextEvent<unknown, ChatMessage>);
      return messages as UIMessage[] as TMessage[];
    },

    async save(context: TranscriptStorageContext, changeset: TranscriptChangeset): Promise<void> {
      const clean: Changeset = {
        ...changeset,
        changes: sanitise(changeset.changes),
        failure: changeset.reason === "turn-error" ? failure() : undefined,
      };
      await withRetry(
        () =>
          db.$transaction((tx) => write(tx, context, clean, describe), { maxWait: 10_000, timeout: 20_000 }),
        { doing: `Saving chat ${context.chatId}` },
      );
    },
  };
}

/** What was read of a chat before a save was made up from it. */
export type Seen = Pick<Chat, "headId" | "status" | "lastOutEventId" | "lastInEventId">;

/** Saves what no run will save any more; false when somebody has saved since `seen`, and knows better. */
export async function saveUnlessChanged(
  db: Db,
  chatId: string,
  seen: Seen,
  given: Omit<Changeset, "transcript">,
  { describe = () => undefined }: StorageOptions = {},
): Promise<boolean> {
  const changeset: Changeset = { ...given, changes: sanitise(given.changes) };
  const nobody = { chatId, runId: "", ctx: {} } as TranscriptStorageContext;
  return db.$transaction(async (tx) => {
    const chat = await lockChat(tx, chatId);
    const isSame = (Object.keys(seen) as (keyof Seen)[]).every((key) => chat[key] === seen[key]);
    if (isSame) await write(tx, nobody, changeset, describe);
    return isSame;
  });
}

/**
 * Opens a connection and compiles what a turn asks of the database, so that a worker does it while it is spare and not
 * in its first turn. It is about a chat that cannot exist, and changes nothing.
 */
export async function warmUp(db: Db): Promise<void> {
  const id = "warm-up-without-a-chat";
  await readBranch(db, id, { limit: 1 });
  await db.$transaction(async (tx) => {
    await tx.chat.findUnique({ where: { id }, select: { userId: true, model: true } });
    await tx.chat.updateMany({ where: { id }, data: { status: "idle" } });
  });
}

async function write(
  tx: DbClient,
  context: TranscriptStorageContext,
  changeset: Changeset,
  describe: Describe,
): Promise<void> {
  const { chatId } = context;
  const chat = await lockChat(tx, chatId);
  const run = runOf(context);
  const tree = await loadNodes(tx, chatId, chat, changeset);
  const predecessor = predecessors(changeset);
  const ends = changeset.reason === "turn-complete" || changeset.reason === "turn-error";

  if (isOutdated(chat, run, changeset)) {
    // Kept as a branch; the head stays where the newer run has it.
    const missing = whatIsMissing(tree, changeset.changes);
    const writes = applyChanges(tree, missing, { predecessor });
    await writeNodes(tx, chatId, writes, { ends });
    await saveRequests(tx, chatId, writes.inserted, { ends: false, describe });
    await tx.chat.update({ where: { id: chatId }, data: { nextOrder: tree.nextOrder } });
    return;
  }

  const changes = withoutRegressions(tree, chat, changeset);
  const writes = applyChanges(tree, changes, { predecessor, finishes: ends });
  await writeNodes(tx, chatId, writes, { ends });
  await saveRequests(tx, chatId, [...writes.inserted, ...writes.updated], { ends, describe });
  const status = nextStatus(chat.status, changeset.reason);
  await tx.chat.update({
    where: { id: chatId },
    data: {
      headId: tree.headId,
      nextOrder: tree.nextOrder,
      status,
      failure: status === "failed" ? (changeset.failure ?? null) : null,
      lookAt: status === "running" ? nextLook() : null,
      ...stateOf(changes),
      ...titleOf(chat, changes),
      // Also when nothing else changed: then the records up to here left no trace in the conversation (a message
      // that was refused, say), and a page that replayed them would show it again.
      ...nextCursors(chat, run, changeset),
      ...(run.id === null ? {} : { runId: run.id, runCreatedAt: run.createdAt }),
    },
  });
}

async function lockChat(tx: DbClient, chatId: string): Promise<LockedChat> {
  const [chat] = await lockChatForSave(tx, chatId);
  if (chat) return chat;
  // Its owner is unknown here, so it cannot be made here either.
  throw new Error(
    `There is no chat ${chatId} to save to. Create its row for the signed-in owner before its session starts.`,
  );
}
