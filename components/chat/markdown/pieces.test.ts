import fc from "fast-check";
import { expect, it } from "vitest";
import { stripBidi, revealBidi } from "../shared/strip-bidi";
import { cutIntoPieces } from "./pieces";

const table = (rows: number) =>
  ["| a | b |", "| --- | --- |", ...Array.from({ length: rows }, (_, row) => `| ${row} | x |`)].join("\n");
const kinds = (text: string) => cutIntoPieces(text).map(({ kind }) => kind);

it("leaves an ordinary answer in one piece, byte for byte", () => {
  const text = `# Title\n\nWords\n\n${table(20)}\n\n> quote\n\n\`\`\`md\n${">".repeat(99)}\n${table(900)}\n\`\`\`\n\nEnd`;
  expect(cutIntoPieces(text)).toEqual([{ kind: "markdown", text }]);
});

it("splits off a long table at any position", () => {
  const pieces = cutIntoPieces(`Before\n${table(10_000)}\n\nAfter`);
  expect(pieces.map(({ kind }) => kind)).toEqual(["markdown", "table", "markdown"]);
  expect(pieces[1]).toMatchObject({ head: "| a | b |\n| --- | --- |" });
  expect(pieces[1]?.kind === "table" && pieces[1].rows.length).toBe(10_000);
});

it("shows what is out of proportion as it was written", () => {
  expect(kinds(`Calm\n\n${"> ".repeat(50_000)}deep\n\nCalm again`)).toEqual([
    "markdown",
    "plain",
    "markdown",
  ]);
  expect(kinds("x".repeat(200_000))).toEqual(["plain"]);
  expect(kinds("- ".repeat(500))).toEqual(["plain"]);
});

it("draws the beginning of a block that no parser should have at once, and shows the rest as it was written", () => {
  const drawn = kinds(Array.from({ length: 2_000 }, () => "[*_`".repeat(20)).join("\n"));
  expect(drawn).toEqual([...Array.from({ length: 16 }, () => "markdown"), "plain"]);
});

it("loses no word, whatever the text", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("", "```", "~~~~", "| a | b |", "| - | - |", "> ".repeat(40), "x".repeat(10_001)),
  );
  const words = (text: string) => text.replace(/\s+/g, "");
  fc.assert(
    fc.property(fc.array(line, { maxLength: 400 }), (lines) => {
      const text = lines.join("\n");
      const back = cutIntoPieces(text).map((piece) =>
        piece.kind === "table" ? [piece.head, ...piece.rows].join("\n") : piece.text,
      );
      expect(words(back.join("\n"))).toBe(words(text));
    }),
  );
});

it("takes the reach out of accents and turned directions, and writes them out in code", () => {
  expect(stripBidi("invoice\u202Egpj.exe")).toBe("invoicegpj.exe");
  expect(stripBidi(`e${"\u0301".repeat(10_000)}`)).toBe(`e${"\u0301".repeat(6)}`);
  expect(stripBidi("Việt Nam, مرحبا, नमस्ते")).toBe("Việt Nam, مرحبا, नमस्ते");
  expect(revealBidi("if (a\u202E)")).toBe("if (a[U+202E])");
});
