/**
 * Maps the stack frames of a bundle to its source files. It works on the text of a stack when one is shown, because
 * Node's own `--enable-source-maps` costs every worker 15 MB and 35 ms.
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import path from "node:path";

export function createSourceStack(bundleFile: string, projectDir: string) {
  const frame = new RegExp(`(?:file://)?${escape(bundleFile)}:(\\d+):(\\d+)`, "g");
  let map: SourceMap | undefined;

  return function sourceStack(text: string) {
    if (!text.includes(bundleFile)) return text;
    return text.replace(frame, (original, line: string, column: string) => {
      try {
        map ??= new SourceMap(JSON.parse(readFileSync(`${bundleFile}.map`, "utf8")));
      } catch {
        // The folder of an old version may be deleted; the frame then stays as it is.
        return original;
      }
      const origin = map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!("originalSource" in origin)) return original;
      const file = path.resolve(path.dirname(bundleFile), origin.originalSource);
      return `${path.relative(projectDir, file)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
    });
  };
}

function escape(text: string) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
