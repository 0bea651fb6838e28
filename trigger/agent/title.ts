/** A chat's title in the model's words, once its first answer stands. Nobody waits for it. */
import { logger } from "@trigger.dev/sdk";
import { generateText } from "ai";
import { requireBudget } from "@/lib/chat/chats/budget";
import { messageText, sanitise, type ChatMessage } from "@/lib/chat/message";
import { setTitleByModel } from "@/lib/chat/chats/chats.sql";
import { plainLine } from "@/lib/chat/plain-line";
import type { Db } from "@/lib/db/client";
import { summariseError } from "@/lib/agent/errors";
import { metered } from "@/lib/agent/metering";
import { resolveModel } from "@/lib/agent/models";

const TIMEOUT_MS = 20_000;
const MAX_LENGTH = 80;
/** Of each side, as much as a title needs. */
const MAX_TEXT = 2000;

const instructions =
  "Write a title for this conversation: at most six words, in its language, plain text, no quotes, no full stop. Answer with the title alone.";

/**
 * Titles the chat, unless a person or a model already did. It never throws and never delays the turn; when it fails,
 * the first line of the question stays and the next turn tries again.
 */
export async function titleChat(db: Db, chatId: string, messages: ChatMessage[]): Promise<void> {
  try {
    const question = messages.find((message) => message.role === "user");
    const answer = messages.find((message) => message.role === "assistant");
    if (!question || !answer) return;
    const chat = await db.chat.findUnique({
      where: { id: chatId, titledBy: null },
      select: { model: true, userId: true },
    });
    if (!chat) return;
    const { userId } = chat;
    await requireBudget(db, userId);
    const model = metered(db, await resolveModel(chat.model), { userId, chatId, purpose: "title" });
    const { text } = await generateText({
      model,
      instructions,
      prompt: `${excerpt(question)}\n\n---\n\n${excerpt(answer)}`,
      maxOutputTokens: 200,
      maxRetries: 1,
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
      providerOptions: { demo: { purpose: "title" } },
    });
    const title = cleanTitle(text);
    if (title === "") return;
    await setTitleByModel(db, chatId, title);
  } catch (error) {
    logger.warn("The chat got no title", { chatId, ...summariseError(error) });
  }
}

/** Also without its end: the model was cut off while it thought. */
const THOUGHT = /<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/gi;
/** "Sure! Here's a title:" */
const PREAMBLE =
  /^(?:(?:sure|certainly|of course|absolutely|okay|ok)\b[!,.]?\s*)?(?:here(?:['’]s| is)\b[^:]{0,60}|(?:(?:the|a|my|suggested|possible|short) )*title\b[^:]{0,30}):\s*/i;

/** One line without quotes, markup or a full stop, whatever the model made of the instructions. */
export function cleanTitle(text: string): string {
  const lines = sanitise(text)
    .replaceAll(THOUGHT, "")
    .split("\n")
    .map((each) => each.trim().replace(PREAMBLE, ""))
    .filter((each) => each !== "");
  const bare = plainLine(lines[0] ?? "")
    .replace(/^#+\s*|^title:\s*/i, "")
    .replace(/^["'“”„«»*_`]+|["'“”„«»*_`.]+$/gu, "")
    .trim();
  const characters = [...new Intl.Segmenter().segment(bare.slice(0, 1000))].map(({ segment }) => segment);
  return characters.length > MAX_LENGTH
    ? `${characters
        .slice(0, MAX_LENGTH - 1)
        .join("")
        .trimEnd()}…`
    : bare;
}

function excerpt(message: ChatMessage): string {
  return `${message.role === "user" ? "Question" : "Answer"}: ${messageText(message).slice(0, MAX_TEXT).toWellFormed()}`;
}
