import path from "node:path";
import { expect, it } from "vitest";
import { closureOf, readImportGraph } from "./graph";

const graph = readImportGraph(path.resolve(import.meta.dirname, "../../.."));

/** What a file pulls in, itself not counted; `components/ui`, `lib/utils`, types and lazy imports are. */
const pulledIn = (file: string) => {
  expect(graph.has(file)).toBe(true);
  return closureOf(graph, file);
};

it.each([
  ["components/chat/requests/approval-card.tsx", 10],
  ["components/chat/conversation/message-list.tsx", 16],
])("%s pulls in at most %i files", (file, limit) => {
  const files = pulledIn(file);
  expect(files.length, files.join("\n")).toBeLessThanOrEqual(limit);
});

it("the durable chat is usable without a component", () => {
  expect(
    pulledIn("components/chat/durable/use-durable-chat.ts").filter((file) => /\.tsx$/.test(file)),
  ).toEqual([]);
});
