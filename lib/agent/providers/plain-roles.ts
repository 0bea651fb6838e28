/**
 * The templates of some open models (Mistral, Gemma) refuse a conversation whose roles do not alternate, and every
 * failed turn leaves a question without an answer. What belongs together is sent as one message.
 */
import type { LanguageModelV4Message, LanguageModelV4Middleware } from "@ai-sdk/provider";

type UserContent = Extract<LanguageModelV4Message, { role: "user" }>["content"];

export const plainRoles: LanguageModelV4Middleware = {
  specificationVersion: "v4",
  transformParams: async ({ params }) => ({ ...params, prompt: alternate(params.prompt) }),
};

/** Drops answers that say nothing, and joins the questions that then follow each other. */
export function alternate(prompt: LanguageModelV4Message[]): LanguageModelV4Message[] {
  const joined: LanguageModelV4Message[] = [];
  for (const message of prompt) {
    const last = joined.at(-1);
    if (message.role === "assistant" && saysNothing(message)) continue;
    if (message.role === "user" && last?.role === "user") {
      joined[joined.length - 1] = { ...last, content: asOne([...last.content, ...message.content]) };
    } else if (message.role === "assistant" && last?.role === "assistant") {
      joined[joined.length - 1] = { ...last, content: [...last.content, ...message.content] };
    } else joined.push(message);
  }
  return joined;
}

/** Only thoughts and white space. A thought alone is no answer, and providers refuse it as one. */
function saysNothing({ content }: Extract<LanguageModelV4Message, { role: "assistant" }>): boolean {
  return content.every(
    (part) => part.type === "reasoning" || (part.type === "text" && part.text.trim() === ""),
  );
}

/** Texts alone as one text: some of these servers take no list of parts. */
function asOne(content: UserContent): UserContent {
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === content.length ? [{ type: "text", text: texts.join("\n\n") }] : content;
}
