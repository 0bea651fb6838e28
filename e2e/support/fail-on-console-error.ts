import { afterEach, beforeEach, vi } from "vitest";

const errors: unknown[][] = [];

beforeEach(() => {
  errors.length = 0;
  vi.spyOn(console, "error").mockImplementation((...args) => void errors.push(args));
});

/** A test that expects `console.error` says so by taking what was logged. */
export function takeConsoleErrors(): unknown[][] {
  return errors.splice(0);
}

afterEach(() => {
  vi.mocked(console.error).mockRestore();
  if (errors.length > 0) {
    throw new Error(
      `console.error was called: ${errors.map((args) => args.map(String).join(" ")).join("\n")}`,
    );
  }
});
