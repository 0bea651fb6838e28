/**
 * Takes a person's decision. Every decision is one transaction that holds the chat's row: the first one that commits
 * counts, and later ones are told who made it. Nothing here runs a tool: the agent reads the rows.
 */
import { randomUUID } from "node:crypto";
import type { Db, DbClient } from "@/lib/db/client";
import type { Prisma, HumanRequest } from "@/prisma/generated/client";
import type { RequestName } from "./pending-calls";
import { isChatId } from "../tree/queries";
import { sanitise } from "../message";
import { withRetry } from "@/lib/db/retry";
import type { DecidedVia, RequestState } from "./row";
import { permit } from "./permissions";
import { lockChatOwner } from "./requests.sql";

/** A person's decision about a request. */
export type Decision =
  /**
   * `editedInput` replaces the proposed arguments; `remember` allows the tool in this chat from then on. A request that
   * needs a phrase takes neither.
   */
  | { type: "approve"; editedInput?: unknown; remember?: boolean; phrase?: string }
  | { type: "deny"; reason?: string }
  | { type: "answer"; output: unknown }
  | { type: "skip" };

export type RequestErrorCode = "not-found" | "decided" | "expired" | "invalid";

/** Thrown when a decision is refused. Its message is shown to the person who decided. */
export class RequestError extends Error {
  override name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_REASON_LENGTH = 2_000;
const MAX_BYTES = 64 * 1024;

/** Returns the value as the tool's schema reads it, or throws `RequestError("invalid")` and names the invalid value. */
export type CheckValue = (request: Pick<HumanRequest, "tool" | "input">, value: unknown) => unknown;

/** Whether a person may decide this request. For other people it does not exist. */
export type MayDecide = (asked: {
  userId: string;
  ownerId: string;
  request: Pick<HumanRequest, "chatId" | "tool" | "kind" | "input">;
}) => boolean | Promise<boolean>;

export type DecideOptions = RequestName & {
  chatId: string;
  /** The person who decides. */
  userId: string;
  /** Default: only the chat's owner may decide. */
  mayDecide?: MayDecide;
  decision: Decision;
  via: Extract<DecidedVia, "card" | "inbox" | "link" | "api">;
  /** Checks arguments that were edited. */
  checkInput: CheckValue;
  /** Checks an answer. */
  checkOutput: CheckValue;
  now?: Date;
};

export type Decided = {
  messageId: string;
  /** The message has no other pending request: the agent can continue. */
  isComplete: boolean;
};

/**
 * Takes a decision, once. Throws `RequestError`: a foreign chat, an unknown call and a deleted chat are all *not found*; a
 * request that is decided, superseded or expired keeps its state.
 */
export async function decideRequest(db: Db, options: DecideOptions): Promise<Decided> {
  const {
    chatId,
    messageId,
    toolCallId,
    userId,
    decision,
    via,
    mayDecide = isOwner,
    now = new Date(),
  } = options;
  const decisionId = randomUUID();
  const take = async (tx: DbClient) => {
    const ownerId = await lockChat(tx, chatId);
    if (ownerId === undefined) return "not-found" as const;
    const name = { chatId, messageId, toolCallId };
    const where = { chatId_messageId_toolCallId: name };
    const request = await tx.humanRequest.findUnique({ where });
    if (!request || !(await mayDecide({ userId, ownerId, request }))) return "not-found" as const;
    // An earlier try committed, and its connection broke before the result arrived.
    if (request.decisionId === decisionId) return decided(tx, name);
    if (request.state !== "pending") return request;
    if (isDue(request, now)) {
      // Committed, not thrown: the request must stay expired.
      const state = "expired";
      await tx.humanRequest.updateMany({
        where: name,
        data: { state, decidedVia: "timeout", decidedAt: request.expiresAt },
      });
      return { ...request, state };
    }
    const { remember, ...change } = changeFor(request, options);
    const { count } = await tx.humanRequest.updateMany({
      where: { ...name, state: "pending" },
      data: { ...change, decisionId, decidedBy: userId, decidedVia: via, decidedAt: now },
    });
    // Expiry does not lock the chat's row: the request may have expired since it was read.
    if (count === 0) return (await tx.humanRequest.findUnique({ where })) ?? ("not-found" as const);
    if (remember) await permit(tx, { chatId, tool: request.tool, userId, now });
    return decided(tx, name);
  };
  const outcome = await withRetry(() => db.$transaction(take, { maxWait: 10_000, timeout: 20_000 }), {
    doing: `Deciding ${toolCallId} of chat ${chatId}`,
  });
  if (outcome === "not-found")
    throw new RequestError(
      "not-found",
      "This request doesn't exist, or it isn't yours. Its chat may have been deleted.",
    );
  if ("isComplete" in outcome) return outcome;
  throw await refusal(db, outcome, decision);
}

async function decided(
  tx: DbClient,
  { chatId, messageId }: { chatId: string; messageId: string },
): Promise<Decided> {
  const waiting = await tx.humanRequest.count({ where: { chatId, messageId, state: "pending" } });
  return { messageId, isComplete: waiting === 0 };
}

function isDue({ expiresAt }: Pick<HumanRequest, "expiresAt">, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

type Change = Pick<Prisma.HumanRequestUpdateManyMutationInput, "output" | "editedInput" | "reason"> & {
  state: RequestState;
  remember?: boolean;
};

/** The columns that a decision changes. Which decisions are valid depends on the request's kind. */
function changeFor(request: HumanRequest, { decision, checkInput, checkOutput }: DecideOptions): Change {
  const isApproval = request.kind === "approval" || request.kind === "confirm";
  switch (decision.type) {
    case "approve": {
      if (!isApproval) throw new RequestError("invalid", "This request needs an answer, not an approval.");
      if (request.phrase !== null && decision.phrase !== request.phrase)
        throw new RequestError("invalid", `Type "${request.phrase}" to approve this.`);
      const remember = decision.remember === true && request.kind === "approval";
      if (decision.editedInput === undefined) return { state: "approved", remember };
      // The phrase confirms exactly the arguments that are shown.
      if (request.kind === "confirm")
        throw new RequestError(
          "invalid",
          "`editedInput`: this request can only run as proposed. Deny it and say what to change.",
        );
      const edited = sanitise(checkInput(request, limited(decision.editedInput, "arguments")));
      return { state: "approved", remember, editedInput: edited as Prisma.InputJsonValue };
    }
    case "deny": {
      const reason = sanitise(decision.reason?.trim() ?? "");
      if (reason.length > MAX_REASON_LENGTH)
        throw new RequestError(
          "invalid",
          `This reason is too long. Use at most ${MAX_REASON_LENGTH.toLocaleString("en-US")} characters.`,
        );
      if (!isApproval)
        throw new RequestError("invalid", "A question can be answered or skipped, not denied.");
      return { state: "denied", ...(reason && { reason }) };
    }
    case "answer": {
      if (isApproval)
        throw new RequestError(
          "invalid",
          "This request needs an approval. Approve it, deny it, or edit its details.",
        );
      const output = sanitise(checkOutput(request, limited(decision.output, "answer")));
      return { state: "answered", output: output as Prisma.InputJsonValue };
    }
    case "skip":
      return { state: "skipped" };
  }
}

function limited(value: unknown, what: "arguments" | "answer"): unknown {
  if (Buffer.byteLength(JSON.stringify(value) ?? "null") > MAX_BYTES)
    throw new RequestError("invalid", `The ${what} can have at most 64 KB.`);
  return value;
}

async function refusal(db: Db, request: HumanRequest, decision: Decision): Promise<RequestError> {
  if (request.state === "expired")
    return new RequestError(
      "expired",
      "This request expired before you decided. Send a message to have the agent ask again.",
    );
  if (request.state === "superseded")
    return new RequestError(
      "decided",
      "This message was edited or regenerated. Decide on the newer request.",
    );
  const person = request.decidedBy
    ? await db.user.findUnique({ where: { id: request.decidedBy }, select: { name: true } })
    : null;
  const who = person ? ` by ${person.name}` : "";
  const what = request.state === "skipped" ? "skipped" : request.state;
  const yours = decision.type === "skip" ? "Nothing changed." : "Your decision was not saved.";
  return new RequestError("decided", `This was already ${what}${who}. ${yours}`);
}

const isOwner: MayDecide = ({ userId, ownerId }) => userId === ownerId;

/** Locks the chat and returns its owner; undefined for a chat that was deleted or never existed. */
async function lockChat(tx: DbClient, chatId: string): Promise<string | undefined> {
  if (!isChatId(chatId)) return undefined;
  const [chat] = await lockChatOwner(tx, chatId);
  return chat?.userId;
}
