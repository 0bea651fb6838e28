import { isRecord } from "../shared/json";

/** The input of a question: two to four options. */
export type Question = {
  question: string;
  options: Array<{ id: string; label: string; description?: string }>;
  /** More than one may be chosen. */
  multiple?: boolean;
  /** Allows a free-text answer, instead of an option or with it. */
  allowText?: boolean;
};

export type QuestionAnswer = { optionIds: string[]; text?: string };

const MAX_OPTIONS = 9;
/** The longest free-text answer that the tool accepts. */
export const MAX_ANSWER_LENGTH = 2_000;

/**
 * Parses the question in a tool's input. Invalid values are dropped, so that a half-streamed call can't break the card.
 */
export function readQuestion(input: unknown): Question {
  const from = isRecord(input) ? input : {};
  const options = Array.isArray(from.options) ? from.options.slice(0, MAX_OPTIONS) : [];
  return {
    question: typeof from.question === "string" ? from.question : "",
    options: options.filter(isRecord).map((option, index) => ({
      id: typeof option.id === "string" ? option.id : String(index),
      label: typeof option.label === "string" ? option.label : `Option ${index + 1}`,
      ...(typeof option.description === "string" && { description: option.description }),
    })),
    multiple: from.multiple === true,
    allowText: from.allowText === true || options.length === 0,
  };
}

/** Parses the answer in a tool's output. */
export function readAnswer(output: unknown): QuestionAnswer {
  const from = isRecord(output) ? output : {};
  const ids = Array.isArray(from.optionIds) ? from.optionIds : [];
  return {
    optionIds: ids.filter((id) => typeof id === "string"),
    ...(typeof from.text === "string" && from.text && { text: from.text }),
  };
}
