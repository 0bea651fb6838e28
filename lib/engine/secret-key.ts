import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { randomBase62 } from "./ids";

/**
 * The installation's key, made once. It must not look like `tr_dev_sk_…`: keys of that form make the SDK ask the server
 * for every token instead of signing it itself.
 */
export async function loadSecretKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, "engine", "secret-key");
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${file}.${process.pid}`;
  await writeFile(mine, `tr_dev_${randomBase62(24)}\n`, { mode: 0o600 });
  try {
    await link(mine, file); // Whole or not at all, and never over a key that is there.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(mine, { force: true });
  }
  const key = (await readFile(file, "utf8")).trim();
  if (key.length < 16) throw new Error(`${file} holds no usable key. Delete it to have a new one made.`);
  return key;
}
