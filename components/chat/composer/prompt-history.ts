/** Arrow-up in an empty box recalls earlier prompts, as in a shell. */
export type Recall = {
  /** Steps back from the newest prompt, which is 0. Null when the box holds the person's own text. */
  index: number | null;
  text: string;
};

export const nothingRecalled: Recall = { index: null, text: "" };

/**
 * The next older or newer prompt. Undefined when the key should keep its usual meaning: the box holds the person's own
 * text, or there is no further prompt.
 */
export function recall(
  history: string[],
  { now, box, direction }: { now: Recall; box: string; direction: "older" | "newer" },
): Recall | undefined {
  const isUntouched = now.index === null ? box === "" : box === now.text;
  if (!isUntouched) return undefined;
  const distinct = history.filter((text, index) => text.trim() !== "" && text !== history[index + 1]);
  const index = (now.index ?? -1) + (direction === "older" ? 1 : -1);
  if (index < 0) return now.index === null ? undefined : nothingRecalled;
  const text = distinct[distinct.length - 1 - index];
  return text === undefined ? undefined : { index, text };
}
