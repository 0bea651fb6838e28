/** `npm run settings`: writes the table of the settings page from `lib/env.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settingsTable } from "../env";

const file = path.resolve(import.meta.dirname, "../../app/docs/content/settings.mdx");
const rows = [["variable", "default", "purpose"], ["---", "---", "---"], ...settingsTable()];
const table = rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
const page = readFileSync(file, "utf8");
// To the first empty line, so that the marks of a merge conflict in the table are removed too. The columns are not
// aligned (`.oxfmtrc.json` leaves the page alone), so that a new setting changes one line.
const section = /(?<=^## All settings\n\n)(?:.+\n)+/m;
writeFileSync(file, page.replace(section, table));
