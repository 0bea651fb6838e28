/**
 * The transcript in the database: the SDK says what changed, `tree.ts` says what that means, this writes it. One
 * transaction per save, one save at a time per chat, and it reads only the nodes that the save touches.
 */
import type {
  TranscriptChange,
  TranscriptChangeReason,
  TranscriptChangeset,
  TranscriptLoadResult,
  TranscriptStorage,
  TranscriptStorageContext,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import type { Db, DbClient } from "@/lib/db/client";
import { Prisma, type Chat } from "@/prisma/generated/client";
import { supersedeRequests } from "../requests/settle";
import { isOutdated, nextCursors, runOf, whatIsMissing, withoutRegressions } from "./fencing";
import { messageText, sanitise } from "../message";
import { plainLine } from "../plain-line";
import { readBranch, type ChatStatus } from "./queries";
import { saveRequests, type Describe } from "../requests/save";
import { withRetry } from "@/lib/db/retry";
import { nextLook } from "../revive/next-look";
import { applyChanges, path, type Tree, type TreeNode, type TreeWrites } from "./tree";
import { pathUp } from "./walk.sql";

type Changeset = Pick<TranscriptChangeset, "reason" | "changes" | "cursors"> & {
  /** Why the turn failed. */
  failure?: string | undefined;
  transcript?: TranscriptChangeset["transcript"];
};
type LockedChat = Pick<
  Chat,
  "headId" | "title" | "status" | "lastOutEventId" | "lastInEventId" | "nextOrder" | "runId" | "runCreatedAt"
>;

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
  const before = path(tree);
  const writes = applyChanges(tree, changes, { predecessor, finishes: ends });
  await writeNodes(tx, chatId, writes, { ends });
  if (context.trigger === "regenerate-message") {
    const shown = new Set(path(tree));
    for (const node of before)
      if (!shown.has(node)) await supersedeRequests(tx, { chatId, messageId: node.messageId });
  }
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
  const [chat] = await tx.$queryRaw<LockedChat[]>`
    SELECT "headId", title, status, "lastOutEventId", "lastInEventId", "nextOrder", "runId", "runCreatedAt"
    FROM "Chat" WHERE id = ${chatId} FOR UPDATE`;
  if (chat) return chat;
  // Its owner is unknown here, so it cannot be made here either.
  throw new Error(
    `There is no chat ${chatId} to save to. Create its row for the signed-in owner before its session starts.`,
  );
}

// ── Which nodes a save needs ──

async function loadNodes(
  tx: DbClient,
  chatId: string,
  chat: LockedChat,
  changeset: Changeset,
): Promise<Tree> {
  const { changes } = changeset;
  const tree: Tree = { nodes: new Map(), headId: chat.headId, nextOrder: chat.nextOrder };
  const ids = touchedIds(changeset);
  if (ids.length === 0) return tree;

  const columns = Prisma.sql`m.id, m."messageId", m."parentId", m.role, m.final, m."order", m."removedAt" IS NOT NULL AS removed`;
  // Two index look-ups: as one condition with OR, an unanalysed table is scanned instead.
  const known = await tx.$queryRaw<NodeRow[]>`
    SELECT ${columns} FROM "Message" m WHERE m."chatId" = ${chatId} AND m."messageId" = ANY(${ids})
    UNION
    SELECT ${columns} FROM "Message" m WHERE m."chatId" = ${chatId} AND m.id = ANY(${chat.headId === null ? ids : [...ids, chat.headId]})
    ORDER BY "order"`;
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
        WITH RECURSIVE ${pathUp(chatId, chat.headId, { climbsWhile: Prisma.sql`path."order" > ${oldest}` })}
        SELECT ${columns} FROM path m`,
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
    before ??= new Map(
      entries.slice(1).map((entry, index) => [sanitise(entry.id), sanitise(entries[index]?.id ?? "")]),
    );
    return before.get(messageId);
  };
}

async function writeNodes(
  tx: DbClient,
  chatId: string,
  { inserted, updated, removed }: TreeWrites,
  { ends }: { ends: boolean },
): Promise<void> {
  // Before new rows come: a node that was removed and brought back must keep the children it then gets.
  for (const { node, parentId } of removed) {
    await tx.$executeRaw`UPDATE "Message" SET "parentId" = ${parentId} WHERE "chatId" = ${chatId} AND "parentId" = ${node.id}`;
  }
  if (inserted.length > 0) {
    await tx.$executeRaw`
      INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, final, "order", seen)
      SELECT ${chatId}, v.*, v."order" FROM jsonb_to_recordset(${rows(inserted)}::jsonb)
        AS v(id text, "messageId" text, "parentId" text, role text, message jsonb, final boolean, "order" int)`;
  }
  if (updated.length > 0) {
    // Walking back into a branch puts every message of it again: only what differs is written. What differs when a
    // turn ends is news to its reader; before that it is what the reader decided, or the answer in the making.
    await tx.$executeRaw`
      UPDATE "Message" m SET message = v.message, role = v.role, final = v.final, "removedAt" = NULL,
        "changedAt" = CASE WHEN ${ends} AND m.message <> v.message THEN now() ELSE m."changedAt" END
      FROM jsonb_to_recordset(${rows(updated)}::jsonb) AS v(id text, role text, message jsonb, final boolean)
      WHERE m."chatId" = ${chatId} AND m.id = v.id
        AND (m.message <> v.message OR m.final <> v.final OR m."removedAt" IS NOT NULL)`;
  }
  const gone = removed.flatMap(({ node }) => (node.removed ? [node.id] : []));
  if (gone.length > 0) {
    await tx.$executeRaw`UPDATE "Message" SET "removedAt" = now() WHERE "chatId" = ${chatId} AND id = ANY(${gone})`;
  }
}

function rows(nodes: TreeNode[]): string {
  return JSON.stringify(nodes);
}

// ── The chat's own columns ──

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
  const line =
    first?.op === "put" ? plainLine(messageText(first.message).trim().split("\n")[0] ?? "") : undefined;
  if (!line) return {};
  const characters = [...new Intl.Segmenter().segment(line.slice(0, 1000))].map(({ segment }) => segment);
  return {
    title:
      characters.length > TITLE_LENGTH
        ? `${characters
            .slice(0, TITLE_LENGTH - 1)
            .join("")
            .trimEnd()}…`
        : line,
  };
}
