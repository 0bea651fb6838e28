/** Which command runs a test file: `npm test` runs units and contracts, `npm run test:full` what is slow. */
import { readImportGraph } from "../../lib/dev/imports/graph.ts";

export type TestKind = "unit" | "contract" | "slow";

/**
 * Every test file by its kind. `*.slow.test.ts` is slow: it takes long or needs the machine for itself. What imports from
 * `e2e/support` or `e2e/faults` is a contract: it runs against a real PostgreSQL, engine or SDK. Everything else is a unit.
 */
export function testFiles(root: string): Record<TestKind, string[]> {
  const files: Record<TestKind, string[]> = { unit: [], contract: [], slow: [] };
  for (const [file, { imports }] of readImportGraph(root)) {
    if (!/\.test\.tsx?$/.test(file)) continue;
    const isContract = imports.some((imported) => /^e2e\/(support|faults)\//.test(imported.file ?? ""));
    const kind = file.includes(".slow.test.") ? "slow" : isContract ? "contract" : "unit";
    files[kind].push(file);
  }
  return files;
}
