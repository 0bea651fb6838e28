// node --import tsx lib/dev/imports/closures.ts [file…]: how many files of ours a file pulls in.

import path from "node:path";
import { readFileSync } from "node:fs";
import { closureOf, readImportGraph } from "./graph";

const chat = "components/chat";

/** What a reader of the kit is likely to copy first. */
const FILES = [
  `${chat}/requests/approval-card.tsx`,
  `${chat}/requests/question-card.tsx`,
  `${chat}/requests/form/form-card.tsx`,
  `${chat}/conversation/message-list.tsx`,
  `${chat}/conversation/message.tsx`,
  `${chat}/composer/composer.tsx`,
  `${chat}/tools/tool-card.tsx`,
  `${chat}/tools/sub-agent-card.tsx`,
  `${chat}/shell/chat-sidebar.tsx`,
  `${chat}/shell/command-palette.tsx`,
  `${chat}/durable/use-durable-chat.ts`,
  `${chat}/markdown/markdown.tsx`,
];

const root = process.cwd();
const graph = readImportGraph(root);
const asked = process.argv.slice(2);
for (const file of asked.length > 0 ? asked : FILES) {
  const pulled = closureOf(graph, file);
  const lines = [file, ...pulled]
    .map((each) => readFileSync(path.join(root, each), "utf8").split("\n").length - 1)
    .reduce((sum, count) => sum + count, 0);
  const jsx = pulled.filter((each) => each.endsWith(".tsx")).length;
  console.log(
    `${String(pulled.length).padStart(3)} files, ${String(jsx).padStart(3)} with JSX, ${String(lines).padStart(5)} lines  ${file}`,
  );
}
