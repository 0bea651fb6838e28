/**
 * What a markdown text is cut into before it is parsed. A parser's time grows faster than some texts do, and a deep
 * one overflows its stack; a page must survive both, so what is out of all proportion never reaches it.
 */
export type Piece =
  | { kind: "markdown"; text: string }
  /** Shown as it was written. */
  | { kind: "plain"; text: string }
  /** A table too long to be drawn at once: its header and delimiter, and its rows. */
  | { kind: "table"; head: string; rows: string[] };

/** No person reads a line, a nesting or a paragraph like that as prose. */
const LONGEST_LINE = 10_000;
const DEEPEST = 30;
const MOST_MARKS = 2_000;
/** Beyond this a table comes in parts. */
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
    } else if (isUnreasonable(block)) {
      flush();
      pieces.push({ kind: "plain", text: block.join("\n") });
    } else {
      calm.push(...block);
    }
    at = end;
  }
  flush();
  return pieces;
}

/** A fence with its code, a table, or lines up to the next empty one. */
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
    header?.includes("|") && delimiter && delimiter.length < LONGEST_LINE && DELIMITER.test(delimiter),
  );
}

function isTable(block: string[]) {
  return startsTable(block, 0);
}

function isUnreasonable(block: string[]) {
  let marks = 0;
  for (const line of block) {
    if (line.length > LONGEST_LINE || CONTAINERS.test(line) || /^[ \t]{200,}\S/.test(line)) return true;
    marks += line.match(MARKS)?.length ?? 0;
  }
  return marks > MOST_MARKS;
}
