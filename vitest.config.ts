import path from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": path.resolve(import.meta.dirname) } },
  test: {
    include: ["**/*.test.ts", "**/*.test.tsx"],
    exclude: ["node_modules/**", ".next/**", ".data/**"],
    globalSetup: ["e2e/support/global-setup.ts"],
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
    hookTimeout: 60_000,
    // Two cores: more workers than that only make the engine and browser tests wait for each other.
    maxWorkers: 2,
  },
});
