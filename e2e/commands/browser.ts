/** Finds a Chromium for the browser stories, or installs one: Playwright's own first, else Debian's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a browser that is not Playwright's own, or undefined when Playwright's is there (or none at all). */
export function systemBrowser(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  return existsSync(chromium.executablePath()) ? undefined : SYSTEM_BROWSERS.find((file) => existsSync(file));
}

function isInstalled(): boolean {
  return systemBrowser() !== undefined || existsSync(chromium.executablePath());
}

function install(): void {
  if (isInstalled()) return;
  console.log("No Chromium here: installing one for the browser stories.");
  run("npx", ["playwright", "install", "chromium"]);
  if (isInstalled()) return;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  }
  if (isInstalled()) return;
  console.error(
    "No Chromium could be installed. Install one yourself (Debian: apt-get install chromium) or set CHROMIUM_PATH.",
  );
  process.exit(1);
}

function run(command: string, args: string[]): void {
  spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: 300_000,
  });
}

if (process.argv[1] === import.meta.filename) install();
