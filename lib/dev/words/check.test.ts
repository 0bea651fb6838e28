import { expect, it } from "vitest";
import { checkWords, ENTRIES, findReplacedPhrases } from "./check";

it.each(ENTRIES)("finds $phrase, in any case and wrapped over two lines", ({ phrase, in: folders }) => {
  const file = `${folders?.[0] ?? "app"}/page.tsx`;
  const found = (text: string) => findReplacedPhrases(file, text);
  expect(found(`one\nconst label = "${phrase}";`)).toEqual([expect.stringMatching(`^${file}:2: `)]);
  expect(found(`<p>${phrase.toUpperCase()}</p>`)).toHaveLength(1);
  expect(found(`/**\n * ${phrase.replaceAll(" ", "\n * ")}\n */`)).toEqual([
    expect.stringMatching(`^${file}:2: `),
  ]);
  expect(found(`<p>${phrase.replaceAll("'", "&rsquo;").replaceAll(" ", "\n  ")}</p>`)).toHaveLength(1);
});

it("leaves longer words and other folders alone", () => {
  expect(findReplacedPhrases("app/a.ts", "the torsos, name@example.com")).toEqual([]);
  const limited = ENTRIES.find((entry) => entry.in !== undefined);
  if (limited) expect(findReplacedPhrases("prisma/a.ts", limited.phrase)).toEqual([]);
});

it("skips a file that is marked as the list", () => {
  expect(findReplacedPhrases("app/a.ts", `// words-check: ${"allow-file"}\n${ENTRIES[0]?.phrase}`)).toEqual(
    [],
  );
});

it("finds none in this repository", () => {
  expect(checkWords()).toEqual([]);
});
