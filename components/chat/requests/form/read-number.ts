/** The result of parsing a number: its value, or why it is unclear. */
export type NumberReading = { value: number } | { problem: string };

type Signs = { decimal: string; group: string; digits: string };

const NOT_A_NUMBER = "This is not a number. Enter digits only, without a currency or unit.";
const SPACES = /[\s\u00A0\u202F\u2009]/gu;
const MAX_EXACT_DIGITS = 15;

/**
 * Parses a number in a locale's format. Other formats are accepted if they are unambiguous (`1.234,56`, `1'000`,
 * `7,5`). A number with two possible values is refused, because people act on it.
 */
export function readNumber(typed: string, locale = "en"): NumberReading {
  const signs = signsOf(locale);
  const text = toAscii(typed, signs);
  if (/^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(text)) return finite(Number(text));
  const [, sign = "", rest = ""] = /^([+-]?)(\d[\d.,' ]*|[.,]\d+)$/.exec(text) ?? [];
  if (rest === "") return { problem: NOT_A_NUMBER };
  const parts = split(rest, signs);
  if ("problem" in parts) return parts;
  const { whole, fraction } = parts;
  const value = Number(`${sign === "-" ? "-" : ""}${whole || "0"}.${fraction || "0"}`);
  const significant = `${whole}${fraction}`.replace(/^0+/, "");
  if (significant.length > MAX_EXACT_DIGITS && !isExact(value, whole, fraction))
    return { problem: `This number has too many digits. Use at most ${MAX_EXACT_DIGITS}.` };
  return finite(value);
}

/** Formats a number so that `readNumber` can parse it again. */
export function writeNumber(value: number, locale = "en"): string {
  if (!Number.isFinite(value)) return "";
  // All digits, without grouping; only the decimal separator depends on the locale.
  const plain = String(value);
  return plain.includes("e") ? plain : plain.replace(".", signsOf(locale).decimal);
}

/** The parsed value, if it differs from the typed text: "1,000 → 1000". */
export function understood(typed: string, locale = "en"): string | undefined {
  const reading = readNumber(typed, locale);
  if ("problem" in reading) return undefined;
  const written = writeNumber(reading.value, locale);
  return written === typed.trim() ? undefined : `${typed.trim()} → ${written}`;
}

type Parts = { whole: string; fraction: string } | { problem: string };

function split(text: string, { decimal, group }: Signs): Parts {
  const marks = text.replace(/\d/g, "");
  const last = marks.at(-1);
  if (last === undefined) return { whole: text, fraction: "" };
  const kinds = new Set(marks);
  const [head, tail] = cut(text, last);

  if (kinds.size > 2) return { problem: NOT_A_NUMBER };
  // With two kinds of separators, the last is the decimal separator if it appears once and can be one.
  if (kinds.size === 2) {
    const other = marks[0]!;
    const isDecimal = /[.,]/.test(last) && marks.indexOf(last) === marks.length - 1;
    if (!isDecimal || !isGrouped(head, other)) return { problem: NOT_A_NUMBER };
    return { whole: without(head, other), fraction: tail };
  }
  const canGroup = isGrouped(text, last);
  if (marks.length > 1 || /[' ]/.test(last))
    return canGroup ? { whole: without(text, last), fraction: "" } : { problem: NOT_A_NUMBER };

  // A single separator could be for decimals or thousands, so the locale decides.
  const asDecimal = { whole: head, fraction: tail };
  if (!canGroup) return last === decimal || tail.length < 3 ? asDecimal : ambiguous(text, head, tail);
  if (last === group) return { whole: without(text, last), fraction: "" };
  // Three zeros after a separator mean thousands: nobody writes them as decimals.
  if (last === decimal && tail !== "000") return asDecimal;
  return ambiguous(text, head, tail);
}

function ambiguous(text: string, head: string, tail: string): Parts {
  const fraction = tail.replace(/0+$/, "");
  const small = fraction === "" ? head || "0" : undefined;
  const readings = small === undefined ? "two numbers" : `${small} or ${head}${tail}`;
  return { problem: `"${text}" can mean ${readings}. Enter it without thousands separators.` };
}

/** Groups of three digits; or, as in India, of two before the last three. */
function isGrouped(text: string, mark: string): boolean {
  const [first = "", ...groups] = text.split(mark);
  if (!/^[1-9]\d{0,2}$/.test(first) || groups.length === 0 || groups.at(-1)?.length !== 3) return false;
  const between = groups.slice(0, -1);
  return (
    between.every(({ length }) => length === 3) ||
    (first.length < 3 && between.every(({ length }) => length === 2))
  );
}

function cut(text: string, mark: string): [string, string] {
  const at = text.lastIndexOf(mark);
  return [text.slice(0, at), text.slice(at + 1)];
}

function without(text: string, mark: string): string {
  return text.replaceAll(mark, "");
}

/** Converts digits and signs to ASCII: `１２`, `١٢٫٥`, `−5`, `1’000`. */
function toAscii(typed: string, { digits }: Signs): string {
  const trimmed = Array.from(typed.trim(), (character) => {
    const digit = digits.indexOf(character);
    return digit >= 0 ? String(digit) : character;
  });
  return trimmed
    .join("")
    .normalize("NFKC")
    .replace(/^[−–]/u, "-")
    .replace(SPACES, " ")
    .replace(/[’‘`´]/gu, "'")
    .replaceAll("٫", ".")
    .replaceAll("٬", ",");
}

function signsOf(locale: string): Signs {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 });
  const parts = format.formatToParts(1_234_567.5);
  const of = (type: string, fallback: string) => parts.find((part) => part.type === type)?.value ?? fallback;
  const digits = new Intl.NumberFormat(locale, { useGrouping: false }).format(9_876_543_210);
  return {
    decimal: of("decimal", ".").replace("٫", "."),
    group: of("group", ",").replace("٬", ","),
    digits: Array.from(digits).toReversed().join(""),
  };
}

function finite(value: number): NumberReading {
  return Number.isFinite(value) ? { value } : { problem: "This number is too large." };
}

function isExact(value: number, whole: string, fraction: string): boolean {
  const plain = (digits: string) => digits.replace(/^0+(?=\d)/, "");
  const [w = "", f = ""] = String(Math.abs(value)).split(".");
  return plain(w) === plain(whole || "0") && f === fraction.replace(/0+$/, "");
}
