/**
 * Which tools wait for a person, and how. Light, like the schemas: the agent asks by these rules, the page's server
 * checks by them what a person gave back.
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
 * When an approval is needed. `always`: each time, unless the person allowed the tool in this chat. `once`: until it
 * was approved once in this chat. Or by what it is called with.
 */
export type Need<I> = "always" | "once" | "never" | ((input: I) => boolean);

type Words<I> = {
  title: (input: I) => string;
  why?: (input: I) => string | undefined;
  /** Without an answer by then the agent goes on as if it had been denied or skipped. Default: never. */
  expiresInMs?: number;
};
type Rule<I> = Words<I> &
  (
    | { kind: "question" | "form" }
    /** `approveLabel`: what the button says once the arguments were edited, for example "Approve {amount}". */
    | { kind: "approval"; needed: Need<I>; approveLabel?: string }
    /** `phrase` has to be typed; it cannot be allowed for the whole chat. */
    | { kind: "confirm"; phrase: (input: I) => string }
  );

const rules: { [Name in ToolName]?: Rule<Input<Name>> } = {
  askQuestion: { kind: "question", title: ({ question }) => question },
  askDelivery: { kind: "form", title: ({ item }) => `Where should ${item} go?`, why: ({ why }) => why },
  refund: {
    kind: "approval",
    // Small change is not worth anybody's time.
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
    // What was right to delete last week may be needed by now.
    expiresInMs: 7 * 86_400_000,
  },
};

/** More than this in one answer is refused: nobody reads the ninth card of an agent that went astray. */
export const MAX_REQUESTS_PER_TURN = 8;
export const TOO_MANY_REQUESTS = `At most ${MAX_REQUESTS_PER_TURN} requests in one answer. Continue with what you have, and ask again later.`;

/**
 * Who may decide: the owner of the chat. Answer by tool or by amount, and somebody else has to, or may as well; give
 * them a page that calls `takeDecision` (app/(chat)/_chat/actions/take-decision.ts), for the inbox shows what is one's own.
 */
export const mayDecide: MayDecide = ({ userId, ownerId }) => userId === ownerId;

/** Undefined for a tool that asks nobody. */
export function ruleOf(tool: string): Rule<unknown> | undefined {
  return Object.hasOwn(rules, tool) ? (rules[tool as ToolName] as Rule<unknown> | undefined) : undefined;
}

/** Whether a call of this tool may have to wait for a person, whatever it is called with. */
export function mayWait(tool: string): boolean {
  const rule = ruleOf(tool);
  return rule !== undefined && !(rule.kind === "approval" && rule.needed === "never");
}

/** What a call asks of a person. A call whose input does not fit its tool asks nothing: it has failed already. */
export function describeCall(tool: string, input: unknown): Asked | undefined {
  const rule = ruleOf(tool);
  const parsed = rule && toolSchemas[tool as ToolName].inputSchema.safeParse(input);
  if (!rule || !parsed?.success) return undefined;
  const { kind, title, why, expiresInMs } = rule;
  return {
    kind,
    title: plainLine(title(parsed.data)).slice(0, 300),
    why: why?.(parsed.data),
    expiresInMs,
    ...(kind === "form" && { schema: toJsonSchema(answerSchemas[tool as keyof typeof answerSchemas]) }),
    ...((kind === "approval" || kind === "confirm") && { schema: inputSchemaOf(tool as ToolName, rule) }),
    ...(kind === "confirm" && { phrase: rule.phrase(parsed.data) }),
  };
}

/** Arguments that a person edited. */
export const checkInput: CheckValue = ({ tool }, value) => {
  if (!Object.hasOwn(toolSchemas, tool))
    throw new RequestError("invalid", `This tool no longer exists, so it can't run.`);
  return fitting(toolSchemas[tool as ToolName].inputSchema, value);
};

/** An answer to a question or a form. */
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
    throw new RequestError("invalid", "This question takes one of its options, not a text.");
  if (optionIds.length === 0 && !text?.trim())
    throw new RequestError("invalid", "Choose an option, or skip it.");
}

/** A pattern of a schema may take for ever on the wrong text, and what is checked here was typed by somebody. */
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
function inputSchemaOf(tool: ToolName, rule: Rule<unknown>): unknown {
  const { title, inputSchema } = toolSchemas[tool];
  return {
    ...toJsonSchema(inputSchema),
    title,
    ...(rule.kind === "approval" && rule.approveLabel && { "x-approve": rule.approveLabel }),
  };
}

function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}
