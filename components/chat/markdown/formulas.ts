/**
 * Finds the formulas of a text and writes each as `$$…$$` on one line, which remark-math parses without guessing.
 * Models write `\(…\)` and `\[…\]` as often as dollars, and Markdown treats those as escaped brackets. Text that only
 * looks like a formula (`$5 and $10`, `Cost $$5`, `\[not a link\](x)`) stays text.
 */

/** Fenced and inline code is left unchanged. */
const CODE =
  /(^[ \t>]*(?:[-*+] +|\d{1,9}[.)] +)*(`{3,}|~{3,})[\s\S]*?(?:^[ \t>]*\2[`~]*[ \t]*$|$(?![\s\S]))|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\3(?!`))/gm;
const BRACKETS = /(?<!\\)\\\[((?:(?!\n[ \t>]*\n|\\\[)[\s\S]){1,4000}?)\\\](?!\()/g;
const PARENTHESES = /(?<!\\)\\\(((?:(?!\n[ \t>]*\n|\\\()[\s\S]){1,1000}?)\\\)/g;
/** A block with dollars on their own lines, which remark-math parses; or any other pair of `$$`. */
const BLOCK = /^[ \t>]*(?:[-*+] +|\d{1,9}[.)] +)*\$\$[ \t]*\n(?:(?!\$\$)[\s\S])*?\n[ \t>]*\$\$[ \t]*$/gm;
const DOLLARS = /(?<![\\$])\$\$(?!\$)((?:(?!\n[ \t>]*\n|\$\$)[\s\S]){1,4000}?)(?<![\\$])\$\$(?![$\d])/g;
/** Escaped brackets around words, a number or nothing: `\[sic\]`, `\[1\]`, `\[ \]`. */
const WORDS = /^(?:[\p{L}\p{M}\s,.;:!?'’-]{2,}|\s*\d*\s*)$/u;

/** A placeholder for formulas that are already marked. No text contains it. */
const DONE = "\u0000";

/** @returns The text with its formulas as `$$…$$`, or undefined if it has no formula. */
export function withFormulas(text: string): string | undefined {
  if (!/\$\$|\\[([]/.test(text)) return undefined;
  let count = 0;
  const write = (formula: string, isDisplay: boolean) => {
    count += 1;
    const flat = formula
      .replace(/(?<!\\)%.*$/gm, "")
      .replace(/\s*\n[ \t>]*/g, " ")
      .trim();
    return `${DONE}${isDisplay ? "\\displaystyle " : ""}${flat}${DONE}`;
  };
  const pieces = splitCode(text.replaceAll(DONE, ""));
  const written = pieces.map(({ isCode, text: piece }) => {
    if (isCode) return piece;
    const blocks: string[] = [];
    return piece
      .replace(BLOCK, (block) => {
        count += 1;
        return `${DONE}${blocks.push(block) - 1}${DONE}${DONE}`;
      })
      .replace(BRACKETS, (whole, formula: string) => (WORDS.test(formula) ? whole : write(formula, true)))
      .replace(PARENTHESES, (whole, formula: string) =>
        WORDS.test(formula) && !/^\s*\p{L}\s*$/u.test(formula) ? whole : write(formula, false),
      )
      .replace(DOLLARS, (whole, formula: string) => (formula.trim() ? write(formula, false) : whole))
      .replaceAll("$$", () => "\\$\\$")
      .replace(/\0(\d+)\0\0/g, (_, index: string) => blocks[Number(index)] ?? "")
      .replaceAll(DONE, () => "$$");
  });
  return count > 0 ? written.join("") : undefined;
}

function splitCode(text: string): { isCode: boolean; text: string }[] {
  const pieces: { isCode: boolean; text: string }[] = [];
  let at = 0;
  for (const { 0: code, index } of text.matchAll(CODE)) {
    pieces.push({ isCode: false, text: text.slice(at, index) }, { isCode: true, text: code });
    at = index + code.length;
  }
  return [...pieces, { isCode: false, text: text.slice(at) }];
}
