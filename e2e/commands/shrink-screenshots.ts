/** Writes the pictures of the kit with a palette: a third of the bytes, and nothing that the comparison would see. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";

const folder = path.resolve(import.meta.dirname, "../screenshots/kit");

for (const name of await readdir(folder, { recursive: true })) {
  if (!name.endsWith(".png")) continue;
  const file = path.join(folder, name);
  const picture = sharp(await readFile(file));
  // What was not taken anew stays as it is, byte for byte.
  if ((await picture.metadata()).isPalette) continue;
  await writeFile(file, await picture.png({ palette: true, dither: 0, effort: 10 }).toBuffer());
}
