/** Arrow-up in an empty box brings back what was asked before, as in a shell. */
export type Recall = {
  /** How far back: 0 is the newest. Null: the box is the person's own. */
  index: number | null;
  text: string;
};

export const nothingRecalled: Recall = { index: null, text: "" };

/**
 * The next step back ("older") or forth ("newer"), or undefined when the key should do what it always does: the box
 * holds something of the person's own, or there is nothing further that way.
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
