import { expect, it } from "vitest";
import { colorCode } from "./code-colors";

const parts = async (code: string, language: string) =>
  (await colorCode(code, language)).map(({ from, to, color }) => [code.slice(from, to), color]);

it("finds the ranges in the text itself, past everything that HTML would escape", async () => {
  const code = `const a = "<b>&amp;'" // x < y\nif (a && 1) return;`;
  const found = await parts(code, "ts");
  expect(found).toContainEqual(["const", "keyword"]);
  expect(found).toContainEqual([`"<b>&amp;'"`, "string"]);
  expect(found).toContainEqual(["// x < y", "comment"]);
  expect(found).toContainEqual(["1", "number"]);
  expect(found).toContainEqual(["return", "keyword"]);
});

it("knows the names that models use, and leaves a language that it does not know plain", async () => {
  expect(await parts("def f(): pass", "py")).toContainEqual(["def", "keyword"]);
  expect(await parts('{"a": true}', "JSON")).toContainEqual(["true", "number"]);
  expect(await parts("whatever", "brainfog")).toEqual([]);
  expect(await parts("whatever", "constructor")).toEqual([]);
});
