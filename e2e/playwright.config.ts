import { defineConfig } from "@playwright/test";
import { systemBrowser } from "./commands/browser";
import type { StoryOptions } from "./support/story";

/** What is about dying workers, waiting and failing: also on an engine that does only what Trigger.dev does. */
const aboutLives = [
  "**/durability.spec.ts",
  "**/partial.spec.ts",
  "**/queue.spec.ts",
  "**/turn-states.spec.ts",
  "**/long-job.spec.ts",
  "**/sub-agents.spec.ts",
  "**/notes.spec.ts",
];

const executablePath = systemBrowser();

export default defineConfig<object, StoryOptions>({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: "../test-results",
  // The stories kill the worker, the engine and the server of their app, so each of the two has an app of its own.
  workers: 2,
  fullyParallel: false,
  timeout: 90_000,
  expect: {
    timeout: 20_000,
    toHaveScreenshot: { scale: "device", threshold: 0.25, maxDiffPixelRatio: 0.01 },
  },
  projects: [
    { name: "embedded", use: { engineMode: "embedded" } },
    { name: "platform", use: { engineMode: "platform" }, testMatch: aboutLives },
  ],
  // The same pictures for every system: what differs between them is the edges of letters, and that is tolerated.
  snapshotPathTemplate: "{testDir}/screenshots/kit/{arg}{ext}",
  forbidOnly: Boolean(process.env.CI),
  // A story that needs its second try is reported as flaky: a shared machine may starve a browser for seconds.
  retries: process.env.CI ? 1 : 0,
  reporter: process.env.CI
    ? [["list"]]
    : [["list"], ["html", { open: "never", outputFolder: "../playwright-report" }]],
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        // A name that is not localhost, and so not a "secure context".
        "--host-resolver-rules=MAP holdfast.test 127.0.0.1",
      ],
    },
  },
});
