import { auth } from "@trigger.dev/sdk";
import { after } from "next/server";
import { z } from "zod";
import { readAtMost } from "@/lib/http/read-at-most";
import { AttachmentError, claimAttachments } from "@/lib/attachments/attachments";
import { BudgetError, requireBudget } from "@/lib/chat/chats/budget";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { InvalidMessageError, parseUserMessage } from "@/lib/chat/message";
import { createChat, findOwnedChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { beginHeadStart } from "@/lib/agent/head-start/begin";
import { LimitError, limitResponse } from "@/lib/http/rate-limit";
import { isSameOrigin } from "@/lib/http/same-origin";
import { expectedError, readExpectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireSomebody, takeTurn } from "@/app/(chat)/_chat/actions/owner";
import { configuredModel } from "@/app/(chat)/_chat/actions/configured-model";

/** The longest that Vercel lets a first step take. A step that is cut off is asked again, of the agent. */
export const maxDuration = 60;

const MAX_BYTES = 1024 * 1024;
const BUSY = "Can't reach the agent. Try again in a moment.";

const asked = z.object({ chatId: z.string(), message: z.unknown(), model: z.string().optional() });

/**
 * The first question of a new chat: this server writes the first step of the answer while the worker starts. Responds
 * with the token by which the browser reads the answer, or with `null` when the agent has to be asked in the usual way.
 */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) return refuse(403, "Questions are asked from this site's own pages.");
  try {
    const body = await readAtMost(request, MAX_BYTES);
    if (!body) return refuse(413, "This is too large to send. Shorten it, or remove a file.");
    const { chatId, message, model } = parse(body);
    const accepted = parseUserMessage(message);
    const user = await requireSomebody();
    const known = await findOwnedChat(db, chatId, user.id);
    if (known) return again(chatId, accepted.id);
    if (env.CHAT_START !== "head-start") return usual();
    await Promise.all([
      takeTurn("chatStarts", user),
      takeTurn("messages", user),
      requireRoomForAnswer(db, { userId: user.id, chatId }),
      requireBudget(db, user.id),
    ]);
    const chosen = model === undefined ? {} : { model: configuredModel(model) };
    const chat = await createChat(db, { id: chatId, userId: user.id, ...chosen });
    if (!chat) throw expectedError("chat-not-found");
    const hasFiles = accepted.parts.some((part) => part.type === "file");
    const own = hasFiles ? await claimAttachments(db, { id: chatId, userId: user.id }, accepted) : accepted;
    const begun = await beginHeadStart(db, { chatId, userId: user.id, model: chat.model, message: own });
    if (!begun) return again(chatId, accepted.id);
    after(
      begun.completion.catch((error: unknown) => console.error(`Chat ${chatId} was not handed over:`, error)),
    );
    return mint(chatId);
  } catch (error) {
    // The agent keeps the question, and says in the chat why it is not answered.
    if (error instanceof BudgetError) return usual();
    if (error instanceof LimitError) return limitResponse(error);
    if (error instanceof InvalidMessageError || error instanceof z.ZodError)
      return refuse(400, error.message);
    if (error instanceof AttachmentError) return refuse(error.status, error.message);
    const expected = readExpectedError(error);
    if (expected) return refuse(expected.status, expected.message);
    console.error("A head start failed:", error);
    return refuse(503, BUSY);
  }
}

function parse(body: Uint8Array): z.infer<typeof asked> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // The sentence below says what is missing.
  }
  const parsed = asked.safeParse(value);
  if (!parsed.success) throw new InvalidMessageError("The request needs `chatId` and `message`, as JSON.");
  return parsed.data;
}

/** The response for a chat that is there: this request may have come once before, and its first response was lost. */
async function again(chatId: string, questionId: string): Promise<Response> {
  const [headStart, question] = await Promise.all([
    db.headStart.findUnique({ where: { chatId }, select: { questionId: true } }),
    db.message.findFirst({ where: { chatId, messageId: questionId }, select: { messageId: true } }),
  ]);
  if (question) return mint(chatId);
  return headStart?.questionId === questionId ? refuse(503, BUSY) : usual();
}

async function mint(chatId: string): Promise<Response> {
  const scopes = { read: { sessions: chatId }, write: { sessions: chatId } };
  return reply({ publicAccessToken: await auth.createPublicToken({ scopes, expirationTime: "15m" }) });
}

function usual(): Response {
  return reply({ publicAccessToken: null });
}

function reply(body: { publicAccessToken: string | null }): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store" } });
}
