import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { randomBase62 } from "./ids";

/**
 * Loads the installation's secret key, and creates it on the first start. It must not look like `tr_dev_sk_…`: with a key
 * of that form the SDK requests every token from the server instead of signing it itself.
 */
export async function loadSecretKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, "engine", "secret-key");
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `tr_dev_${randomBase62(24)}\n`, { mode: 0o600 });
  try {
    await link(draft, file); // Atomic, and never replaces an existing key.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const key = (await readFile(file, "utf8")).trim();
  if (key.length < 16)
    throw new Error(`${file} does not hold a valid key. Delete it; the next start creates a new one.`);
  return key;
}
