/**
 * Saves requests in the transaction that saves their message. The message shows that a call is pending; the row holds
 * everything else, and people and agents act on the row.
 */
import { getToolName, isToolUIPart, type UIMessage } from "ai";
import type { DbClient } from "@/lib/db/client";
import { Prisma } from "@/prisma/generated/client";
import { canonical } from "../effects/ledger";
import { nestedUnknownOutcomesOf, unknownOutcomeOf } from "../effects/unknown-outcome";
import { isWaiting, nestedRequestsOf, type PendingNestedRequest, type ToolPart } from "./pending-calls";
import type { RequestKind } from "./row";
import { addCheckpoint, holdUnknownEffects } from "./requests.sql";

/** What a tool's call asks of a person. */
export type Asked = {
  kind: RequestKind;
  title: string;
  why?: string | undefined;
  /** JSON Schema of what can be edited or filled in. */
  schema?: unknown;
  phrase?: string | undefined;
  /** The request expires after this time. */
  expiresInMs?: number | undefined;
};

/** The request that a call makes of a person; undefined for tools without one. */
export type Describe = (tool: string, input: unknown) => Asked | undefined;

export function toolParts(message: Pick<UIMessage, "role" | "parts">): ToolPart[] {
  return message.role === "assistant" ? message.parts.filter((part) => isToolUIPart(part)) : [];
}

/** A call that a request is about: the part's own, or a nested one of its sub-agent. */
type Call = PendingNestedRequest & { part: ToolPart };

function callsOf(part: ToolPart): Call[] {
  const inside = nestedRequestsOf(part);
  if (inside.length > 0) return inside.map((call) => ({ ...call, part }));
  const { toolCallId, input } = part;
  return [{ toolCallId, tool: getToolName(part), input, waits: isWaiting(part), part }];
}

type SavedNode = { message: UIMessage | null };

/**
 * Updates the rows from the saved messages. `ends` is true for the save that ends a turn: only then is the result of a
 * decision saved.
 */
export async function saveRequests(
  tx: DbClient,
  chatId: string,
  nodes: SavedNode[],
  { ends, describe, now = new Date() }: { ends: boolean; describe: Describe; now?: Date },
): Promise<void> {
  for (const { message } of nodes) {
    const asking = (message ? toolParts(message) : []).flatMap(callsOf).flatMap((call) => {
      const asked = describe(call.tool, call.input);
      return asked ? [{ call, asked }] : [];
    });
    if (!message || asking.length === 0) continue;
    const messageId = message.id;
    // A millisecond apart, so that requests of one message keep their order everywhere.
    const rows = asking.flatMap(({ call, asked }, index) =>
      toRow(call, asked, { chatId, messageId, now: new Date(now.getTime() + index) }),
    );
    if (rows.length > 0) {
      const data = await Promise.all(rows.map((row) => warnOfRepeat(tx, row)));
      await tx.humanRequest.createMany({ data, skipDuplicates: true });
    }
    if (!ends) continue;
    const unknown = await findUnknown(
      tx,
      chatId,
      asking.map(({ call }) => call),
    );
    const closed = asking.flatMap(({ call }) =>
      call.part.state.startsWith("output-") && !call.waits ? [call.toolCallId] : [],
    );
    await tx.humanRequest.updateMany({
      where: { chatId, messageId, toolCallId: { in: closed }, state: { not: "pending" }, settledAt: null },
      data: { settledAt: now },
    });
    if (unknown.length > 0) {
      await tx.humanRequest.updateMany({
        where: { chatId, messageId, toolCallId: { in: unknown }, state: "approved" },
        data: { state: "unknown-outcome" },
      });
    }
    await saveCheckpoint(tx, { chatId, messageId, message, now });
  }
}

/**
 * The calls whose outcome nobody knows. The message only says that it was so when the call ended: a person may have
 * settled it since. The records stay locked, before any request is, as in settling: so that cannot happen unseen.
 */
async function findUnknown(tx: DbClient, chatId: string, calls: Call[]): Promise<string[]> {
  const effectOf = ({ part, toolCallId }: Call) => {
    if (part.state !== "output-available") return undefined;
    const inside = nestedUnknownOutcomesOf(part.output).find((nested) => nested.toolCallId === toolCallId);
    return (inside?.outcome ?? unknownOutcomeOf(part.output))?.effect;
  };
  const keys = calls.flatMap((call) => effectOf(call) ?? []);
  if (keys.length === 0) return [];
  const effects = await holdUnknownEffects(tx, chatId, keys);
  const unknown = new Set<string | undefined>(effects.map(({ key }) => key));
  return calls.flatMap((call) => (unknown.has(effectOf(call)) ? [call.toolCallId] : []));
}

function toRow(
  { part, toolCallId, tool, input, waits }: Call,
  asked: Asked,
  { chatId, messageId, now }: { chatId: string; messageId: string; now: Date },
): Prisma.HumanRequestCreateManyInput[] {
  const { approval } = part;
  const isRule = approval?.isAutomatic === true;
  if (!isRule && !waits) return [];
  // A call that is about to run is in this state, too; of pending calls, only questions and forms are.
  if (part.state === "input-available" && asked.kind !== "question" && asked.kind !== "form") return [];
  const { kind, title, why, schema, phrase, expiresInMs } = asked;
  const row = {
    chatId,
    toolCallId,
    messageId,
    tool,
    kind,
    title,
    why: why ?? null,
    input: (input ?? {}) as Prisma.InputJsonValue,
    schema: (schema as Prisma.InputJsonValue | undefined) ?? Prisma.DbNull,
    phrase: phrase ?? null,
    createdAt: now,
  };
  if (!isRule)
    return [{ ...row, expiresAt: expiresInMs === undefined ? null : new Date(now.getTime() + expiresInMs) }];
  // A standing permission or a limit decided, and the history shows that.
  return [
    {
      ...row,
      state: approval.approved ? "approved" : "denied",
      decidedVia: "policy",
      decidedAt: now,
      deliveredAt: now,
      reason: approval.reason ?? null,
    },
  ];
}

const BEFORE = {
  known: "Careful: this exact call already ran in this chat. Approving runs it again.",
  unknown: "Careful: this exact call started before in this chat, and its outcome is unknown.",
};

/** The ledger treats a newly approved call as another one, so the person who approves must know of the first. */
async function warnOfRepeat(
  tx: DbClient,
  row: Prisma.HumanRequestCreateManyInput,
): Promise<Prisma.HumanRequestCreateManyInput> {
  const { chatId, messageId, tool, toolCallId, kind, state = "pending" } = row;
  if (state !== "pending" || (kind !== "approval" && kind !== "confirm")) return row;
  const before = await tx.effect.findMany({
    where: { chatId, tool, state: { not: "failed" } },
    select: { answerId: true, toolCallId: true, input: true, state: true },
    orderBy: { startedAt: "desc" },
    take: 100,
  });
  const isThisCall = (effect: { answerId: string | null; toolCallId: string | null }) =>
    effect.answerId === messageId && effect.toolCallId === toolCallId;
  const same = before.filter(
    (effect) => !isThisCall(effect) && canonical(effect.input) === canonical(row.input),
  );
  if (same.length === 0) return row;
  const warning = same.some(({ state }) => state !== "done") ? BEFORE.unknown : BEFORE.known;
  return { ...row, why: row.why ? `${warning} ${row.why}` : warning };
}

/** Keeps an immutable copy of the message at every pause and at its end. Saving the same message again adds nothing. */
async function saveCheckpoint(
  tx: DbClient,
  { chatId, messageId, message, now }: { chatId: string; messageId: string; message: UIMessage; now: Date },
): Promise<void> {
  const kind = toolParts(message)
    .flatMap(callsOf)
    .some(({ waits }) => waits)
    ? "partial"
    : "final";
  await addCheckpoint(tx, { chatId, messageId, kind, message, now });
}
