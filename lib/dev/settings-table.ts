/** `npm run settings`: writes the README's table of settings from `lib/env.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settingsTable } from "../env";

const file = path.resolve(import.meta.dirname, "../../README.md");
const rows = [["variable", "default", ""], ["---", "---", "---"], ...settingsTable()];
const table = rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
const readme = readFileSync(file, "utf8");
// To the first empty line, so that the marks of a merge conflict in the table go, too. Not aligned, so that a new
// setting changes one line.
const section = /(?<=^## Settings\n\n)(?:.+\n)+/m;
writeFileSync(file, readme.replace(section, `<!-- prettier-ignore -->\n${table}`));
