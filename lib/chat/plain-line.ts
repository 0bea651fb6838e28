/**
 * A title as it may be stored: one line, and nothing in it that could not be seen or would turn the direction of what
 * stands beside it. Lists, tabs, mails and files all show titles, and not all of them are ours.
 */
export function plainLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Bidi_Control}/gu, "")
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim();
}
