import { defineConfig } from "@trigger.dev/sdk";
import { env } from "./lib/env";

/** Read by Trigger.dev's own command line only (`trigger dev`, `trigger deploy`); the embedded engine needs none of it. */
export default defineConfig({
  project: env.TRIGGER_PROJECT_REF ?? "set TRIGGER_PROJECT_REF",
  dirs: ["./trigger"],
  ignorePatterns: ["**/*.test.ts"],
  runtime: "node-22",
  // Seconds of work, not of waiting.
  maxDuration: 3600,
  build: { external: ["pg-native"] },
});
