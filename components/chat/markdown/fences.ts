const FENCE = /^([ \t]*(?:> ?|[-*+] +|\d{1,9}[.)] +)*)(`{3,})[ \t]*([^`]*)$/;
const MARKDOWN = /^(?:markdown|md|mdx)\b/i;

/**
 * Models show Markdown in a block of three backticks that contains blocks of three backticks. CommonMark ends the outer
 * block at the first inner end. This counts the inner starts by their language and lengthens the outer fence, so that
 * the outer block ends at its own end.
 *
 * @returns The text with longer fences where needed; otherwise the same text.
 */
export function lengthenOuterFences(text: string): string {
  if (!/```[ \t]*(?:markdown|md|mdx)\b/i.test(text)) return text;
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = "", fence = "", info = ""] = FENCE.exec(lines[at]!) ?? [];
    if (!fence) continue;
    const end = endOf(lines, at, fence, MARKDOWN.test(info));
    if (end.hasInner) {
      const longer = "`".repeat(end.longest + 1);
      lines[at] = `${indent}${longer}${info}`;
      if (end.at < lines.length) lines[end.at] = lines[end.at]!.replace(/`{3,}/, longer);
    }
    at = end.at;
  }
  return lines.join("\n");
}

/** The line that ends the block, or the number of lines if the block is still open. */
function endOf(lines: string[], start: number, fence: string, isMarkdown: boolean) {
  const inner: string[] = [];
  let longest = fence.length;
  let hasInner = false;
  for (let at = start + 1; at < lines.length; at += 1) {
    const [, , marks = "", info = ""] = FENCE.exec(lines[at]!) ?? [];
    if (!marks) continue;
    const innermost = inner.at(-1) ?? fence;
    if (info.trim()) {
      if (!isMarkdown) continue;
      inner.push(marks);
      hasInner = true;
      longest = Math.max(longest, marks.length);
    } else if (marks.length >= innermost.length && inner.pop() === undefined) {
      return { at, hasInner, longest };
    }
  }
  return { at: lines.length, hasInner, longest };
}
