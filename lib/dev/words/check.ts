// Finds phrases that the product no longer uses. Part of `npm run check`.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DIALECT, REPLACED_PHRASES } from "./replaced";

/** Exempts a file that must name the phrases. */
const ALLOW_FILE = "words-check: allow-file";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const SCOPE = ["app", "components", "lib", "trigger", "e2e", "README.md"];
const TEXT_FILE = /\.(tsx?|mjs|css|mdx?)$/;

type Entry = { phrase: string; instead: string; in?: string[] };

export const ENTRIES: Entry[] = [
  ...Object.entries(REPLACED_PHRASES).map(([phrase, instead]) => ({ phrase, instead })),
  ...DIALECT,
];
const byPhrase = new Map(ENTRIES.map((entry) => [entry.phrase.toLowerCase(), entry]));

/** Longer phrases first, so that a phrase isn't hidden by a shorter one that it begins with. */
const ANY = new RegExp(
  ENTRIES.map(({ phrase }) => phrase)
    .toSorted((a, b) => b.length - a.length)
    .map(patternOf)
    .join("|"),
  "giu",
);

/** The replaced phrases in a file, each as `path:line: what to write instead`. */
export function findReplacedPhrases(file: string, text: string): string[] {
  if (text.includes(ALLOW_FILE)) return [];
  return [...text.matchAll(ANY)].flatMap((match) => {
    const entry = byPhrase.get(plainOf(match[0]));
    if (!entry || !isInScope(entry, file)) return [];
    const line = text.slice(0, match.index).split("\n").length;
    return [`${file}:${line}: write "${entry.instead}" instead of "${entry.phrase}"`];
  });
}

/** Checks every tracked text file of the product. */
export function checkWords(root = ROOT): string[] {
  const tracked = execFileSync("git", ["ls-files", "-z", "--", ...SCOPE], { cwd: root, encoding: "utf8" });
  return tracked
    .split("\0")
    .filter((file) => TEXT_FILE.test(file))
    .flatMap((file) => findReplacedPhrases(file, readIfPresent(path.join(root, file))));
}

function isInScope(entry: Entry, file: string): boolean {
  return entry.in === undefined || entry.in.some((folder) => file.startsWith(`${folder}/`));
}

/** Git still lists a file that was deleted and not yet committed. */
function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** A phrase may be wrapped in a comment or in JSX, and its apostrophes may be typographic or an entity. */
function patternOf(phrase: string): string {
  const words = phrase
    .split(" ")
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("'", "(?:'|’|&rsquo;|&apos;)"));
  return `(?<![\\p{L}\\p{N}-])${words.join("\\s+(?:(?:\\*|//)\\s+)?")}(?![\\p{L}\\p{N}])`;
}

function plainOf(match: string): string {
  return match
    .replace(/\s+(?:(?:\*|\/\/)\s+)?/g, " ")
    .replace(/’|&rsquo;|&apos;/g, "'")
    .toLowerCase();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = checkWords();
  if (findings.length > 0) {
    process.stderr.write(
      `${findings.join("\n")}\n\nThese phrases were replaced (lib/dev/words/replaced.ts).\n`,
    );
    process.exitCode = 1;
  }
}
