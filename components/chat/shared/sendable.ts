/** Returns true if a text has visible characters. */
export function isSendable(text: string) {
  return text.trim() !== "";
}

/** A sentence if the text is over the limit, else null. */
export function tooLong(text: string, limit: number) {
  if (text.length <= limit) return null;
  const format = (count: number) => count.toLocaleString("en");
  return `This is ${format(text.length)} characters long; ${format(limit)} can be sent. Shorten it by ${format(text.length - limit)}.`;
}
