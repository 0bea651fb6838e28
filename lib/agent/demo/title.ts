/** The demo model's title of a conversation: its first prompt without filler words. */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { Scenario } from "./scenarios";

const MAX_WORDS = 6;
const ado =
  /^(?:please|can you|could you|would you|tell me|explain(?: to me)?|describe|show me|write|give me)\s+/i;

export function demoTitle(prompt: LanguageModelV4Prompt): Scenario {
  const asked = prompt
    .flatMap(({ role, content }) => (role === "user" ? content : []))
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("\n");
  const question = /^Question: (.*)$/m.exec(asked)?.[1] ?? asked;
  const words = question.trim().split(/\s+/);
  // A short prompt is its own title.
  const title =
    words.length <= MAX_WORDS
      ? question.trim()
      : question
          .replace(ado, "")
          .split(/[,.;:!?]/)[0]!
          .trim()
          .split(/\s+/)
          .slice(0, MAX_WORDS)
          .join(" ");
  return { beats: [{ type: "text", text: title.charAt(0).toUpperCase() + title.slice(1) }], paceMs: 0 };
}
