/**
 * Which tools need a person's approval or answer. The agent asks by this policy, and the app's server checks decisions
 * by it, so it imports no tool's code.
 */
import { z } from "zod";
import { RequestError, type CheckValue, type MayDecide } from "@/lib/chat/requests/decide";
import { plainLine } from "@/lib/chat/plain-line";
import type { Asked } from "@/lib/chat/requests/save";
import { OutOfTimeError, withinTime } from "@/lib/within-time";
import { answerSchemas, toolSchemas } from "./tool-schemas";

type ToolName = keyof typeof toolSchemas;
type Input<Name extends ToolName> = z.infer<(typeof toolSchemas)[Name]["inputSchema"]>;

/**
 * When a call needs an approval. `always`: each time, unless the person allowed the tool in this chat. `once`: until
 * the tool was approved once in this chat. A function decides by the arguments.
 */
export type Need<I> = "always" | "once" | "never" | ((input: I) => boolean);

type Labels<I> = {
  title: (input: I) => string;
  why?: (input: I) => string | undefined;
  /** When the request expires, the agent continues as if it had been denied or skipped. Default: never. */
  expiresInMs?: number;
};
type Policy<I> = Labels<I> &
  (
    | { kind: "question" | "form" }
    /** `approveLabel`: what the button says once the arguments were edited, for example "Approve {amount}". */
    | { kind: "approval"; needed: Need<I>; approveLabel?: string }
    /** The person types `phrase` to approve. This kind can't be allowed for the whole chat. */
    | { kind: "confirm"; phrase: (input: I) => string }
  );

const policies: { [Name in ToolName]?: Policy<Input<Name>> } = {
  askQuestion: { kind: "question", title: ({ question }) => question },
  askDelivery: { kind: "form", title: ({ item }) => `Where should ${item} go?`, why: ({ why }) => why },
  refund: {
    kind: "approval",
    // Small amounts need no approval.
    needed: ({ amount }) => amount > 5,
    approveLabel: "Approve {amount} {currency}",
    title: ({ orderId, amount, currency }) => `Refund ${amount} ${currency} of order ${orderId}`,
    why: () => "Sends money to the card that paid. This can't be undone.",
  },
  sendEmail: {
    kind: "approval",
    needed: "always",
    title: ({ to }) => `Send an email to ${to}`,
  },
  deleteRecords: {
    kind: "confirm",
    title: ({ collection, ids, olderThan }) =>
      ids ? `Delete ${ids.length} of the ${collection}` : `Delete all ${collection} from before ${olderThan}`,
    why: () => "Deletes them permanently, including from backups. This can't be undone.",
    phrase: ({ collection }) => `delete ${collection}`,
    // After a week the records may be needed again.
    expiresInMs: 7 * 86_400_000,
  },
};

/** An answer may ask this many requests; the agent is told when it asks more. */
export const MAX_REQUESTS_PER_TURN = 8;
export const TOO_MANY_REQUESTS = `At most ${MAX_REQUESTS_PER_TURN} requests in one answer. Continue with what you have, and ask again later.`;

/**
 * Who may decide a request: the owner of the chat. To let others decide, return true for them, by tool or by amount, and
 * give them a page that calls `takeDecision` (app/(chat)/_chat/actions/take-decision.ts): the inbox lists only a user's own requests.
 */
export const mayDecide: MayDecide = ({ userId, ownerId }) => userId === ownerId;

/** The policy of a tool. Undefined when the tool needs no person. */
export function policyOf(tool: string): Policy<unknown> | undefined {
  return Object.hasOwn(policies, tool)
    ? (policies[tool as ToolName] as Policy<unknown> | undefined)
    : undefined;
}

/** Whether a call of this tool may have to wait for a person, for any arguments. */
export function mayWait(tool: string): boolean {
  const policy = policyOf(tool);
  return policy !== undefined && !(policy.kind === "approval" && policy.needed === "never");
}

/** The request that a call makes. A call whose input is invalid makes none: it has failed already. */
export function describeCall(tool: string, input: unknown): Asked | undefined {
  const policy = policyOf(tool);
  const parsed = policy && toolSchemas[tool as ToolName].inputSchema.safeParse(input);
  if (!policy || !parsed?.success) return undefined;
  const { kind, title, why, expiresInMs } = policy;
  return {
    kind,
    title: plainLine(title(parsed.data)).slice(0, 300),
    why: why?.(parsed.data),
    expiresInMs,
    ...(kind === "form" && { schema: toJsonSchema(answerSchemas[tool as keyof typeof answerSchemas]) }),
    ...((kind === "approval" || kind === "confirm") && { schema: inputSchemaOf(tool as ToolName, policy) }),
    ...(kind === "confirm" && { phrase: policy.phrase(parsed.data) }),
  };
}

/** Checks arguments that a person edited. */
export const checkInput: CheckValue = ({ tool }, value) => {
  if (!Object.hasOwn(toolSchemas, tool))
    throw new RequestError("invalid", `This tool no longer exists, so it can't run.`);
  return fitting(toolSchemas[tool as ToolName].inputSchema, value);
};

/** Checks an answer to a question or a form. */
export const checkOutput: CheckValue = ({ tool, input }, value) => {
  if (!Object.hasOwn(answerSchemas, tool))
    throw new RequestError("invalid", "This request no longer takes an answer. Send a message instead.");
  const answer = fitting(answerSchemas[tool as keyof typeof answerSchemas], value);
  if (tool === "askQuestion") checkOptions(toolSchemas.askQuestion.inputSchema.parse(input), answer);
  return answer;
};

function checkOptions(question: Input<"askQuestion">, answer: unknown): void {
  const { optionIds, text } = answerSchemas.askQuestion.parse(answer);
  const offered = new Set(question.options.map(({ id }) => id));
  const unknown = optionIds.find((id) => !offered.has(id));
  if (unknown !== undefined) throw new RequestError("invalid", `"${unknown}" isn't one of the options.`);
  if (optionIds.length > 1 && !question.multiple)
    throw new RequestError("invalid", "Choose one option only.");
  if (text && !question.allowText)
    throw new RequestError("invalid", "Choose one of the options. This question takes no text.");
  if (optionIds.length === 0 && !text?.trim())
    throw new RequestError("invalid", "Choose an option, or skip it.");
}

/** A schema's regular expression can take forever on hostile input, and a person typed this input. */
const CHECK_WITHIN_MS = 500;

function fitting(schema: z.ZodType, value: unknown): unknown {
  const parsed = checked(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".");
  throw new RequestError(
    "invalid",
    `${field ? `\`${field}\`: ` : ""}${issue?.message ?? "This value doesn't fit."}`,
  );
}

function checked(schema: z.ZodType, value: unknown) {
  try {
    return withinTime(CHECK_WITHIN_MS, () => schema.safeParse(value));
  } catch (error) {
    if (!(error instanceof OutOfTimeError)) throw error;
    throw new RequestError("invalid", "This text takes too long to check. Make it shorter or simpler.");
  }
}

/** What the card edits, with the words for it: the tool's title, and what its button says after an edit. */
function inputSchemaOf(tool: ToolName, policy: Policy<unknown>): unknown {
  const { title, inputSchema } = toolSchemas[tool];
  return {
    ...toJsonSchema(inputSchema),
    title,
    ...(policy.kind === "approval" && policy.approveLabel && { "x-approve": policy.approveLabel }),
  };
}

function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}
