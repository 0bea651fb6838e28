/** Characters that turn the direction of what follows them. With them `exe.gpj` reads as `jpg.exe`. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;
/** Accents piled on one letter until they cover the lines around it. No language needs more than a handful. */
const PILES = /(\p{M}{6})\p{M}+/gu;

/** A text as it may be shown among others: nothing in it reaches beyond its own place. Copy takes the original. */
export function stripBidi(text: string) {
  return text.replace(TURNS, "").replace(PILES, "$1");
}

/** Code as a person must see it before trusting it: what would turn its direction is written out. */
export function revealBidi(code: string) {
  return code.replace(TURNS, (sign) => `[U+${sign.charCodeAt(0).toString(16).toUpperCase()}]`);
}
