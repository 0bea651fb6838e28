/**
 * The transcript in the database: the SDK says what changed, `tree.ts` says what that means, this writes it. One
 * transaction per save, one save at a time per chat, and it reads only the nodes that the save touches.
 */
import type {
  TranscriptChange,
  TranscriptChangeReason,
  TranscriptChangeset,
  TranscriptCursors,
  TranscriptLoadResult,
  TranscriptStorage,
  TranscriptStorageContext,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import type { Db, DbClient } from "@/lib/db";
import { Prisma, type Chat } from "@/prisma/generated/client";
import { messageText, sanitise } from "./message";
import { readBranch, type ChatStatus } from "./queries";
import { withRetry } from "./retry";
import { applyChanges, type Tree, type TreeNode, type TreeWrites } from "./tree";

type Changeset = Pick<TranscriptChangeset, "reason" | "changes" | "cursors"> & { transcript?: TranscriptChangeset["transcript"] };
type LockedChat = Pick<Chat, "headId" | "title" | "status" | "lastOutEventId" | "lastInEventId" | "nextOrder" | "runId" | "runCreatedAt">;
type Run = { id: string | null; createdAt: Date | null };

export function prismaStorage(db: Db): TranscriptStorage {
  return {
    async load<TMessage extends UIMessage>(
      { chatId }: { chatId: string },
      options?: { limit?: number; before?: string },
    ): Promise<TranscriptLoadResult<TMessage>> {
      const branch = await withRetry(() => readBranch(db, chatId, options), { doing: `Loading chat ${chatId}` });
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

    async save(context: TranscriptStorageContext, changeset: TranscriptChangeset): Promise<void> {
      const clean: Changeset = { ...changeset, changes: sanitise(changeset.changes) };
      await withRetry(
        () => db.$transaction((tx) => write(tx, context, clean), { maxWait: 10_000, timeout: 20_000 }),
        { doing: `Saving chat ${context.chatId}` },
      );
    },
  };
}

async function write(tx: DbClient, context: TranscriptStorageContext, changeset: Changeset): Promise<void> {
  const { chatId } = context;
  const chat = await lockChat(tx, chatId);
  const run = runOf(context);
  const tree = await loadNodes(tx, chatId, chat, changeset);

  if (isOutdated(chat, run, changeset)) {
    const writes = applyOutdated(tree, changeset);
    await writeNodes(tx, chatId, writes);
    await tx.chat.update({ where: { id: chatId }, data: { nextOrder: tree.nextOrder } });
    return;
  }

  const changes = withoutRegressions(tree, chat, changeset);
  await writeNodes(tx, chatId, applyChanges(tree, changes, { predecessor: predecessors(changeset) }));
  await tx.chat.update({
    where: { id: chatId },
    data: {
      headId: tree.headId,
      nextOrder: tree.nextOrder,
      status: nextStatus(chat.status, changeset.reason),
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
  const [chat] = await tx.$queryRaw<LockedChat[]>`
    SELECT "headId", title, status, "lastOutEventId", "lastInEventId", "nextOrder", "runId", "runCreatedAt"
    FROM "Chat" WHERE id = ${chatId} FOR UPDATE`;
  if (chat) return chat;
  // Its owner is unknown here, so it cannot be made here either.
  throw new Error(`There is no chat ${chatId} to save to. Create its row for the signed-in owner before its session starts.`);
}

// ── Which nodes a save needs ──

async function loadNodes(tx: DbClient, chatId: string, chat: LockedChat, changeset: Changeset): Promise<Tree> {
  const { changes } = changeset;
  const tree: Tree = { nodes: new Map(), headId: chat.headId, nextOrder: chat.nextOrder };
  const ids = touchedIds(changeset);
  if (ids.length === 0) return tree;

  const columns = Prisma.sql`m.id, m."messageId", m."parentId", m.role, m.final, m."order", m."removedAt" IS NOT NULL AS removed`;
  const known = await tx.$queryRaw<NodeRow[]>`
    SELECT ${columns} FROM "Message" m
    WHERE m."chatId" = ${chatId} AND (m."messageId" = ANY(${ids}) OR m.id = ANY(${ids}) OR m.id = ${chat.headId})
    ORDER BY m."order"`;
  addNodes(tree, known);

  // Anything known but the head raises the question whether it is on the shown branch. A parent is always older than
  // its children, so the walk up ends at the oldest node in question.
  const others = known.filter((node) => node.id !== chat.headId && !node.removed);
  const removes = changes.some((change) => change.op === "remove");
  if (chat.headId !== null && (others.length > 0 || removes)) {
    const oldest = removes ? -1 : Math.min(...others.map((node) => node.order));
    addNodes(
      tree,
      await tx.$queryRaw<NodeRow[]>`
        WITH RECURSIVE up AS (
          SELECT m."chatId", m.id, m."parentId", m."order" FROM "Message" m WHERE m."chatId" = ${chatId} AND m.id = ${chat.headId}
          UNION ALL
          SELECT m."chatId", m.id, m."parentId", m."order" FROM up JOIN "Message" m ON m."chatId" = ${chatId} AND m.id = up."parentId"
          WHERE up."order" > ${oldest}
        )
        SELECT ${columns} FROM up JOIN "Message" m ON m."chatId" = ${chatId} AND m.id = up.id`,
    );
  }
  return tree;
}

type NodeRow = Omit<TreeNode, "message">;

function addNodes(tree: Tree, rows: NodeRow[]): void {
  for (const row of rows) if (!tree.nodes.has(row.id)) tree.nodes.set(row.id, { ...row, message: null });
}

function touchedIds(changeset: Changeset): string[] {
  const predecessor = predecessors(changeset);
  const ids = changeset.changes.flatMap((change) => {
    switch (change.op) {
      case "put":
        return [change.message.id, predecessor(change.message.id)];
      case "truncateAfter":
        return [change.afterId];
      case "remove":
        return [change.id];
      case "state":
        return [];
    }
  });
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The writer's own view of the order, which tells where its messages belong when another run saved in between. */
function predecessors({ transcript }: Changeset): (messageId: string) => string | undefined {
  let before: Map<string, string> | undefined;
  return (messageId) => {
    const entries = transcript?.entries ?? [];
    before ??= new Map(entries.slice(1).map((entry, index) => [sanitise(entry.id), sanitise(entries[index]?.id ?? "")]));
    return before.get(messageId);
  };
}

async function writeNodes(tx: DbClient, chatId: string, { inserted, updated, removed }: TreeWrites): Promise<void> {
  if (inserted.length > 0) {
    await tx.$executeRaw`
      INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order")
      SELECT ${chatId}, v.* FROM jsonb_to_recordset(${rows(inserted)}::jsonb)
        AS v(id text, "messageId" text, "parentId" text, role text, message jsonb, final boolean, "order" int)`;
  }
  if (updated.length > 0) {
    // Walking back into a branch puts every message of it again: only what differs is written.
    await tx.$executeRaw`
      UPDATE "Message" m SET message = v.message, role = v.role, final = v.final, "removedAt" = NULL
      FROM jsonb_to_recordset(${rows(updated)}::jsonb) AS v(id text, role text, message jsonb, final boolean)
      WHERE m."chatId" = ${chatId} AND m.id = v.id
        AND (m.message <> v.message OR m.final <> v.final OR m."removedAt" IS NOT NULL)`;
  }
  for (const { id, parentId } of removed) {
    await tx.$executeRaw`UPDATE "Message" SET "parentId" = ${parentId} WHERE "chatId" = ${chatId} AND "parentId" = ${id}`;
    await tx.$executeRaw`UPDATE "Message" SET "removedAt" = now() WHERE "chatId" = ${chatId} AND id = ${id}`;
  }
}

function rows(nodes: TreeNode[]): string {
  return JSON.stringify(nodes);
}

// ── What an old run may still do ──

/**
 * A run that was replaced may have a save in flight, for as long as the retries last. Older than the run that saved
 * last, or behind the cursors without being newer: it has nothing to say about where the conversation is now.
 */
function isOutdated(chat: LockedChat, run: Run, { cursors }: Changeset): boolean {
  switch (age(run, chat)) {
    case "older":
      return true;
    case "newer":
      return false;
    case "same":
      return (
        isBehind(cursors?.lastOutEventId, chat.lastOutEventId) || isBehind(cursors?.lastInEventId, chat.lastInEventId)
      );
  }
}

/**
 * A newer run that ends a turn before the cursor writes to a stream that began again (the engine's data was deleted,
 * or the chat moved to another engine). Only then may cursors go down. A turn's start carries what was loaded, which
 * may lag behind; its end carries a position of its own.
 */
function startsNewStream(chat: LockedChat, run: Run, reason: TranscriptChangeReason): boolean {
  return age(run, chat) === "newer" && (reason === "turn-complete" || reason === "turn-error");
}

function age(run: Run, chat: LockedChat): "older" | "same" | "newer" {
  if (run.id === null || run.id === chat.runId || !run.createdAt || !chat.runCreatedAt) return "same";
  const difference = run.createdAt.getTime() - chat.runCreatedAt.getTime();
  return difference < 0 ? "older" : difference > 0 ? "newer" : "same";
}

/** Keeps what the old run said, as a branch; the head stays, and nothing complete is replaced. */
function applyOutdated(tree: Tree, changeset: Changeset): TreeWrites {
  const { headId } = tree;
  const known = new Map([...tree.nodes.values()].map((node) => [node.messageId, node]));
  const changes = changeset.changes.filter((change) => {
    if (change.op !== "put") return false;
    const node = known.get(change.message.id);
    return !node || (!node.final && change.final !== false);
  });
  const writes = applyChanges(tree, changes, { predecessor: predecessors(changeset) });
  tree.headId = headId;
  return writes;
}

/** A complete answer turns partial again only when its turn really went on, which shows in the cursor. */
function withoutRegressions(tree: Tree, chat: LockedChat, { changes, cursors }: Changeset): TranscriptChange[] {
  if (isBehind(chat.lastOutEventId ?? undefined, cursors?.lastOutEventId ?? null)) return changes;
  const complete = new Set([...tree.nodes.values()].flatMap((node) => (node.final ? [node.messageId] : [])));
  return changes.filter((change) => !(change.op === "put" && change.final === false && complete.has(change.message.id)));
}

// ── The chat's own columns ──

function nextCursors(chat: LockedChat, run: Run, { cursors, reason }: Changeset): TranscriptCursors {
  const next = (given: string | undefined, stored: string | null) =>
    given === undefined || (isBehind(given, stored) && !startsNewStream(chat, run, reason)) ? {} : { given };
  const out = next(cursors?.lastOutEventId, chat.lastOutEventId).given;
  const input = next(cursors?.lastInEventId, chat.lastInEventId).given;
  return {
    ...(out === undefined ? {} : { lastOutEventId: out }),
    ...(input === undefined ? {} : { lastInEventId: input }),
  };
}

/** Sequence numbers, as text. Anything else is opaque and never behind. */
function isBehind(given: string | undefined, stored: string | null): boolean {
  if (given === undefined || stored === null || !/^\d+$/.test(given) || !/^\d+$/.test(stored)) return false;
  return BigInt(given) < BigInt(stored);
}

function nextStatus(current: string, reason: TranscriptChangeReason): ChatStatus {
  switch (reason) {
    case "turn-start":
      return "running";
    case "turn-complete":
    case "action":
      return "idle";
    case "turn-error":
      return "failed";
    case "compaction":
    case "recovery":
      return current as ChatStatus;
  }
}

function stateOf(changes: TranscriptChange[]): { state?: Prisma.InputJsonValue | typeof Prisma.DbNull } {
  const change = changes.findLast((candidate) => candidate.op === "state");
  if (change?.op !== "state") return {};
  return { state: change.value === null ? Prisma.DbNull : (change.value as Prisma.InputJsonValue) };
}

const TITLE_LENGTH = 80;

function titleOf(chat: LockedChat, changes: TranscriptChange[]): { title?: string } {
  if (chat.title !== null) return {};
  const first = changes.find((change) => change.op === "put" && change.message.role === "user");
  const line = first?.op === "put" ? messageText(first.message).trim().split("\n")[0]?.trim() : undefined;
  if (!line) return {};
  const characters = [...new Intl.Segmenter().segment(line.slice(0, 1000))].map(({ segment }) => segment);
  return { title: characters.length > TITLE_LENGTH ? `${characters.slice(0, TITLE_LENGTH - 1).join("").trimEnd()}…` : line };
}

function runOf({ ctx, runId }: TranscriptStorageContext): Run {
  const createdAt = new Date((ctx as Partial<typeof ctx>).run?.createdAt ?? Number.NaN);
  return { id: runId || null, createdAt: Number.isNaN(createdAt.getTime()) ? null : createdAt };
}
