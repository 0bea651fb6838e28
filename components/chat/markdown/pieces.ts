/**
 * Cuts a Markdown text into pieces before parsing. Parsing time grows faster than the length of some texts, and deep
 * nesting overflows the parser's stack, so extreme input never reaches the parser.
 */
export type Piece =
  | { kind: "markdown"; text: string }
  /** Shown as plain text. */
  | { kind: "plain"; text: string }
  /** A table too long to render at once: its header, its delimiter row and its rows. */
  | { kind: "table"; head: string; rows: string[] };

/** Limits beyond any nesting, indentation or word that a person writes. */
const DEEPEST = 30;
const LONGEST_WORD = 10_000;
/**
 * Limits for one parse, whose time grows faster than its input. A longer block is rendered in parts, up to a maximum.
 */
const PART_LENGTH = 10_000;
const PART_MARKS = 2_000;
const MOST_PARTS = 16;
/** A table with more rows is rendered in parts. */
export const TABLE_ROWS = 100;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const CONTAINERS = new RegExp(`^(?:[ \\t]*(?:>|[-*+](?=[ \\t])|\\d{1,9}[.)](?=[ \\t]))){${DEEPEST}}`);
const MARKS = /[[\]*_`<~$!]/g;

/** Most texts are one piece. */
export function cutIntoPieces(text: string): Piece[] {
  const lines = text.split("\n");
  const pieces: Piece[] = [];
  let calm: string[] = [];
  const flush = () => {
    if (calm.some((line) => line.trim())) pieces.push({ kind: "markdown", text: calm.join("\n") });
    calm = [];
  };

  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const end = endOfBlock(lines, at);
    const block = lines.slice(at, end);
    if (FENCE.test(line)) {
      calm.push(...block);
    } else if (isTable(block) && block.length - 2 > TABLE_ROWS) {
      flush();
      const [header = "", delimiter = "", ...rows] = block;
      pieces.push({ kind: "table", head: `${header}\n${delimiter}`, rows });
    } else if (isHostile(block)) {
      flush();
      pieces.push({ kind: "plain", text: block.join("\n") });
    } else {
      const parts = cutIntoParts(block);
      for (const [index, part] of parts.slice(0, MOST_PARTS).entries()) {
        if (index > 0) flush();
        calm.push(...part);
      }
      if (parts.length > MOST_PARTS) {
        flush();
        pieces.push({ kind: "plain", text: parts.slice(MOST_PARTS).flat().join("\n") });
      }
    }
    at = end;
  }
  flush();
  return pieces;
}

/** A fence with its code, a table, or the lines up to the next empty line. */
function endOfBlock(lines: string[], start: number) {
  const fence = FENCE.exec(lines[start]!)?.[1];
  let at = start + 1;
  if (fence) {
    while (at < lines.length && !isClosing(lines[at]!, fence)) at += 1;
    return Math.min(lines.length, at + 1);
  }
  if (!lines[start]!.trim()) return at;
  const table = startsTable(lines, start);
  while (
    at < lines.length &&
    lines[at]!.trim() &&
    !FENCE.test(lines[at]!) &&
    (table || !startsTable(lines, at))
  )
    at += 1;
  return at;
}

function isClosing(line: string, fence: string) {
  const marks = FENCE.exec(line)?.[1];
  return marks !== undefined && marks.startsWith(fence) && line.trim() === marks;
}

function startsTable(lines: string[], at: number) {
  const [header, delimiter] = [lines[at], lines[at + 1]];
  return Boolean(
    header?.includes("|") && delimiter && delimiter.length < LONGEST_WORD && DELIMITER.test(delimiter),
  );
}

function isTable(block: string[]) {
  return startsTable(block, 0);
}

function isHostile(block: string[]) {
  return block.some(
    (line) =>
      CONTAINERS.test(line) ||
      /^[ \t]{200,}\S/.test(line) ||
      (line.length > LONGEST_WORD && LONG_WORD.test(line)),
  );
}

const LONG_WORD = new RegExp(`[^\\s\\u3000-\\u9fff\\uac00-\\ud7af\\uff00-\\uffef]{${LONGEST_WORD}}`);
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]/;
const QUOTE = /^ {0,3}(?:> ?)+/;

/**
 * Cuts a long list between its items, and a long paragraph between its lines or sentences, so that rendered parts don't
 * change.
 */
function cutIntoParts(block: string[]): string[][] {
  const isList = block.some((line) => ITEM.test(line));
  const parts: string[][] = [[]];
  let length = 0;
  let marks = 0;
  for (const line of block.flatMap(cutLine)) {
    const ofLine = line.match(MARKS)?.length ?? 0;
    const isFull = length + line.length > PART_LENGTH || marks + ofLine > PART_MARKS;
    // An item that is too long for one part is cut inside.
    const isOverfull = length > 2 * PART_LENGTH || marks > 2 * PART_MARKS;
    if (length > 0 && isFull && (!isList || ITEM.test(line) || isOverfull)) {
      parts.push([]);
      length = marks = 0;
    }
    parts.at(-1)!.push(line);
    length += line.length;
    marks += ofLine;
  }
  return parts;
}

/** Where a line may be cut: after a space, or after a sentence in a script without spaces. */
const BREAKS = /\s+|(?<=[。！？；])/g;

function cutLine(line: string): string[] {
  if (line.length <= PART_LENGTH && (line.match(MARKS)?.length ?? 0) <= PART_MARKS) return [line];
  const quote = QUOTE.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let start = 0;
  let best = 0;
  let marks = 0;
  let last = 0;
  for (const { index } of line.matchAll(BREAKS)) {
    marks += line.slice(last, index).match(MARKS)?.length ?? 0;
    last = index;
    if (index - start > PART_LENGTH || marks > PART_MARKS) {
      const end = best > start ? best : index;
      lines.push(quoted(line.slice(start, end), start > 0 ? quote : ""));
      start = end;
      marks = line.slice(start, index).match(MARKS)?.length ?? 0;
    }
    if (index > start && isBalanced(line.slice(Math.max(start, best), index))) best = index;
  }
  lines.push(quoted(line.slice(start), start > 0 ? quote : ""));
  return lines;
}

function quoted(line: string, quote: string) {
  return quote + (quote ? line.trimStart() : line);
}

/** Nothing is left open. */
function isBalanced(words: string) {
  const count = (mark: string) => words.split(mark).length - 1;
  return (
    count("`") % 2 === 0 &&
    count("**") % 2 === 0 &&
    count("*") % 2 === 0 &&
    count("[") === count("]") &&
    count("(") === count(")")
  );
}
