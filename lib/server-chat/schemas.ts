/** What callers of the API send and receive. The routes validate by these schemas, and the OpenAPI document shows them. */
import { z } from "zod";
import { MAX_TEXT_LENGTH } from "@/lib/chat/message";

const anyId = z
  .string()
  .min(1, "This is empty.")
  .max(200, "This is too long.")
  .regex(/^\P{Cc}+$/u, "This has characters that aren't allowed.");

const chatId = z
  .string()
  .regex(
    /^(?!session_)[A-Za-z0-9_-]{8,64}$/,
    "Use 8 to 64 letters, digits, - and _, and don't begin with session_.",
  );

/** Room for the prefix of a steering message. */
const newId = z
  .string()
  .regex(/^(?!steer-)[A-Za-z0-9_-]{1,120}$/, "Use at most 120 letters, digits, - and _.")
  .describe("An id of your own. A message or an action that is sent again with it happens once.");

const text = z
  .string()
  .min(1, "Write something.")
  .max(
    MAX_TEXT_LENGTH,
    `The text is too long. Use at most ${MAX_TEXT_LENGTH.toLocaleString("en-US")} characters.`,
  );

const part = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text }),
  z.strictObject({
    type: z.literal("file"),
    url: z.string().describe("The address of a file that its owner has attached."),
    mediaType: z.string(),
    filename: z.string().optional(),
  }),
]);

const ONE_OF = "Send either `text` or `parts`.";

const newMessage = z
  .strictObject({
    id: newId.optional(),
    text: text.optional(),
    parts: z.array(part).min(1, "Send at least one part.").max(100, "Send at most 100 parts.").optional(),
  })
  .refine(({ text: words, parts }) => (words === undefined) !== (parts === undefined), {
    error: ONE_OF,
    path: ["text"],
  });

const steering = z.strictObject({ id: newId.optional(), text });

const newChat = z.strictObject({
  id: chatId.optional().describe("An id of your own. Creating the chat again with it returns the same chat."),
  model: anyId.optional().describe("One of the configured models. Default: the owner's."),
  message: newMessage.optional().describe("The first message. With it the response is the answer."),
});

const action = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("edit"),
    nodeId: anyId.describe("The question to ask in other words. The earlier version is kept."),
    text,
    newId: newId.optional(),
    actionId: newId.max(64).optional(),
  }),
  z.strictObject({
    type: z.literal("regenerate"),
    nodeId: anyId.describe("The answer to write again, or the question to answer again."),
    actionId: newId.max(64).optional(),
  }),
  z.strictObject({ type: z.literal("switch"), nodeId: anyId }),
  z.strictObject({ type: z.literal("undo"), headId: anyId }),
  z.strictObject({ type: z.literal("redo"), headId: anyId.nullable() }),
  z.strictObject({ type: z.literal("continue-from"), nodeId: anyId }),
]);

const decision = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("approve"),
    editedInput: z.unknown().optional().describe("Replaces the proposed arguments."),
    remember: z.boolean().optional().describe("Don't ask again for this tool in this chat."),
    phrase: z.string().optional().describe("The phrase that the request asks for."),
  }),
  z.strictObject({ type: z.literal("deny"), reason: z.string().optional() }),
  z.strictObject({ type: z.literal("answer"), output: z.unknown() }),
  z.strictObject({ type: z.literal("skip") }),
]);

// ── Queries ──

const answerAs = z.enum(["stream", "text", "json"], "Use stream, text or json.");
const seconds = z.coerce
  .number("Use a number of seconds.")
  .int("Use whole seconds.")
  .min(0, "Use 0 or more seconds.")
  .max(600, "Use at most 600 seconds.");

/** How an answer is returned: by `as`, else by the `Accept` header, else as JSON. */
const answerQuery = z.strictObject({
  as: answerAs
    .optional()
    .describe("How to return the answer. Without it the `Accept` header decides, and JSON is the default."),
  wait: seconds
    .optional()
    .describe("How long a JSON response waits for the answer. Default: 120. Then it says `running`."),
});

const cursor = z.string().regex(/^\d{1,15}$/, "A cursor is a number that an earlier response contained.");

const streamQuery = z.strictObject({
  ...answerQuery.shape,
  after: cursor
    .optional()
    .describe("Follow from here. `Last-Event-ID` does the same. Without it: what isn't saved yet."),
});

const chatsQuery = z.strictObject({
  view: z.enum(["active", "archived"], "Use active or archived.").optional(),
  limit: z.coerce
    .number("Use a number.")
    .int("Use a whole number.")
    .min(1, "Use at least 1.")
    .max(400, "Use at most 400.")
    .optional(),
  after: anyId.optional().describe("The `nextCursor` of the page before."),
});

const transcriptQuery = z.strictObject({
  before: anyId.optional().describe("The `nextCursor` of the page before."),
  through: anyId.optional().describe("Read the branch through this message instead of the shown one."),
  limit: z.coerce
    .number("Use a number.")
    .int("Use a whole number.")
    .min(1, "Use at least 1.")
    .max(200, "Use at most 200.")
    .optional(),
});

const requestsQuery = z.strictObject({
  state: z
    .enum(["pending", "all"], "Use pending or all.")
    .optional()
    .describe("Default: only what is waiting for a decision."),
});

// ── Responses ──

const time = z.string().describe("An ISO date.");

const humanRequest = z.object({
  id: z.string().describe("The `requestId` to decide it with."),
  messageId: z.string(),
  toolCallId: z.string(),
  tool: z.string(),
  kind: z.enum(["question", "form", "approval", "confirm"]),
  title: z.string(),
  why: z.string().nullable(),
  input: z.unknown(),
  schema: z.unknown().optional().describe("JSON Schema of what can be edited or filled in."),
  phrase: z.string().nullable(),
  state: z.string(),
  reason: z.string().nullable(),
  decidedAt: time.nullable(),
  expiresAt: time.nullable(),
  createdAt: time,
});

const toolCall = z.object({ toolCallId: z.string(), toolName: z.string(), input: z.unknown() });
const toolResult = z.object({
  toolCallId: z.string(),
  output: z.unknown().optional(),
  error: z.string().optional(),
});

const answer = z.object({
  chatId: z.string(),
  messageId: z.string().nullable().describe("The question."),
  answerId: z.string().nullable().describe("The answer; null before it began."),
  status: z
    .enum(["completed", "waiting", "running", "stopped", "failed"])
    .describe("`waiting`: the answer continues when its `requests` are decided."),
  text: z.string(),
  toolCalls: z.array(toolCall),
  toolResults: z.array(toolResult),
  requests: z.array(humanRequest).describe("What the answer waits for."),
  error: z.string().optional().describe("Why it failed."),
  cursor: z.string().nullable().describe("Pass it as `after` to follow what comes next."),
});

const message = z
  .object({ id: z.string(), role: z.string(), parts: z.array(z.unknown()), metadata: z.unknown().optional() })
  .describe("An AI SDK `UIMessage`.");

const transcript = z.object({
  id: z.string(),
  title: z.string().nullable(),
  status: z.enum(["idle", "running", "failed"]),
  failure: z.string().optional(),
  messages: z.array(message),
  nonFinalIds: z.array(z.string()).describe("Messages that are partial answers."),
  versions: z.record(z.string(), z.unknown()).describe("By message id, where a message has alternatives."),
  nextCursor: z.string().optional(),
  cursor: z.string().nullable(),
});

const listedChat = z.object({
  id: z.string(),
  title: z.string().nullable(),
  status: z.enum(["idle", "running", "failed"]),
  isPinned: z.boolean(),
  isArchived: z.boolean(),
  isUnread: z.boolean(),
  updatedAt: time,
});

const chatPage = z.object({ chats: z.array(listedChat), nextCursor: z.string().optional() });

const createdChat = z.object({ id: z.string(), createdAt: time });

const steered = z.object({
  messageId: z.string(),
  isSteered: z
    .boolean()
    .describe("False: no answer was being written, so the message is a question of its own."),
});

const stopped = z.object({ isStopping: z.boolean().describe("False: no answer was being written.") });
const preloaded = z.object({ isReady: z.literal(true) });
const closed = z.object({ isClosing: z.boolean().describe("False: no process was at work for this chat.") });
const decided = z.object({
  isComplete: z.boolean().describe("True: nothing else is pending in this answer, so it continues."),
});
const requestList = z.object({ requests: z.array(humanRequest) });
const error = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional().describe("The field that is wrong."),
  }),
});

/** What callers send. The names are those of the document. */
export const bodies = {
  NewChat: newChat,
  NewMessage: newMessage,
  Steering: steering,
  Action: action,
  Decision: decision,
};
export const queries = { answerQuery, streamQuery, chatsQuery, transcriptQuery, requestsQuery };
/** What callers receive. */
export const responses = {
  Answer: answer,
  Chat: createdChat,
  ChatPage: chatPage,
  Transcript: transcript,
  HumanRequest: humanRequest,
  RequestList: requestList,
  Steered: steered,
  Stopped: stopped,
  Preloaded: preloaded,
  Closed: closed,
  Decided: decided,
  Error: error,
};

export type NewMessage = z.output<typeof newMessage>;
export type ApiAction = z.output<typeof action>;
export type Answer = z.output<typeof answer>;
export type ApiRequest = z.output<typeof humanRequest>;
export type AnswerQuery = z.output<typeof answerQuery>;
