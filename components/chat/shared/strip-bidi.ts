/** Characters that change the direction of the text after them: they make `exe.gpj` read as `jpg.exe`. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;
/** Stacked accents that would cover the lines around them. No language needs more than a handful per letter. */
const PILES = /(\p{M}{6})\p{M}+/gu;

/** Text that can't change how the text around it looks. Copy uses the original. */
export function stripBidi(text: string) {
  return text.replace(TURNS, "").replace(PILES, "$1");
}

/** Code with its direction-changing characters written out, so that people see them before trusting it. */
export function revealBidi(code: string) {
  return code.replace(TURNS, (sign) => `[U+${sign.charCodeAt(0).toString(16).toUpperCase()}]`);
}
