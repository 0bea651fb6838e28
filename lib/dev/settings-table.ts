/** `npm run settings`: writes the README's table of settings from `lib/env.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settingsTable } from "../env";

const file = path.resolve(import.meta.dirname, "../../README.md");
const rows = [["variable", "default", ""], ["---", "---", "---"], ...settingsTable()];
const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const readme = readFileSync(file, "utf8");
writeFileSync(file, readme.replace(/(?<=^## Settings\n\n)(\|.*\n)+/m, `${table}\n`));
