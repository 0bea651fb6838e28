import path from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { testFiles, type TestKind } from "./e2e/commands/test-kinds.ts";

const files = testFiles(import.meta.dirname);

/** Whole conversations take longest, and what begins last is waited for alone. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => moduleId.includes("/e2e/");
    return (await super.sort(specifications)).toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)));
  }
}

export default defineConfig({
  resolve: { alias: { "@": path.resolve(import.meta.dirname) } },
  test: {
    setupFiles: ["e2e/support/fail-on-console-error.ts"],
    // Tests do in a second what people do in an hour. Those of the limits set their own.
    env: {
      LIMIT_CHAT_STARTS: "off",
      LIMIT_MESSAGES: "off",
      LIMIT_UPLOADS: "off",
      LIMIT_COPIES: "off",
      LIMIT_GUESTS: "off",
      LIMIT_VIEWS: "off",
      LIMIT_STREAM_STARTS: "off",
    },
    // Stories with workers that boot: a machine whose cores are busy takes its time.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      project("unit", { pool: "threads", maxWorkers: 2, sequence: { groupOrder: 0 } }),
      // They wait for workers, polls and streams more than they compute: five files at once keep two cores busy.
      project("contract", { maxWorkers: 5, sequence: { groupOrder: 1 } }),
      project("slow", { maxWorkers: 3, sequence: { groupOrder: 2 } }),
    ],
  },
});

function project(
  name: TestKind,
  test: TestProjectInlineConfiguration["test"],
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: files[name].map(asGlob),
      ...(name !== "unit" && { globalSetup: ["e2e/support/global-setup.ts"] }),
      ...test,
    },
  };
}

/** The parentheses of `app/(chat)` are themselves, not a pattern. */
function asGlob(file: string): string {
  return file.replace(/[()[\]{}*?!+@|]/g, "\\$&");
}
