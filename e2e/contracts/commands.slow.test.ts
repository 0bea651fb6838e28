/** `npm test` and `npm run test:full` together run every test of the repository, and none twice. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { projectDir } from "../support/processes";

const { scripts } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const commands = ["test", "test:full"].map((name) => scripts[name]!);

/** Everything in version control or about to be, so a file that no command knows is found, too. */
function listFiles(pattern: RegExp): string[] {
  const options = { cwd: projectDir, encoding: "utf8" } as const;
  return execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], options)
    .split("\n")
    .filter((file) => pattern.test(file))
    .toSorted();
}

function run(command: string, args: string[]): string {
  const options = { cwd: projectDir, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync(process.execPath, [path.join(projectDir, command), ...args], options);
}

describe("test files", () => {
  const projects = commands.map((command) =>
    [...command.matchAll(/--project (\w+)/g)].map(([, name]) => name!),
  );

  it("belong to one project each, and each project to one command", () => {
    const listed = JSON.parse(
      run("node_modules/vitest/vitest.mjs", ["list", "--filesOnly", "--json"]),
    ) as Array<{
      file: string;
      projectName: string;
    }>;
    const files = listed.map(({ file }) => path.relative(projectDir, file)).toSorted();
    expect(files).toEqual(listFiles(/\.test\.tsx?$/));
    expect(projects.flat().toSorted()).toEqual(
      [...new Set(listed.map(({ projectName }) => projectName))].toSorted(),
    );
  });
});

describe("stories", () => {
  const filters = commands.map((command) => /test:stories -- (.*)$/.exec(command)![1]!.split(" "));

  function listStories(...filter: string[]): string[] {
    const args = ["test", "--config", "e2e/playwright.config.ts", "--list", ...filter];
    return run("node_modules/@playwright/test/cli.js", args)
      .split("\n")
      .filter((line) => line.includes(" › "))
      .map((line) => line.replace(/ @\w+$/, "").trim());
  }

  it("are told by one of the two commands, and 26 carry the promise", () => {
    const [promised, others] = filters.map((filter) => listStories(...filter));
    expect([...promised!, ...others!].toSorted()).toEqual(listStories().toSorted());
    expect(promised!.filter((line) => line.startsWith("[embedded]"))).toHaveLength(26);
  });

  it("stand in files that Playwright finds", () => {
    const told = new Set(listStories().map((line) => /› (.*?\.spec\.ts):/.exec(line)![1]!));
    const files = listFiles(/\.spec\.ts$/).map((file) => path.relative("e2e", file));
    expect([...told].toSorted()).toEqual(files);
  });
});
