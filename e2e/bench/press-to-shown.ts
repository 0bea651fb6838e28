import { chromium, type Page } from "@playwright/test";
import { systemBrowser } from "../commands/browser";
import { visit } from "./support/app";
import type { Engine } from "./support/engine";
import type { Row } from "./support/report";
import type { Stage } from "./support/stage";
import { figure, percentile } from "./support/statistics";

const PRESSES = 40;
const QUESTION = "count to 3";

/**
 * A switch of branches as its reader meets it: from the press on "Previous version" or "Next version" in Chromium to the
 * frame that shows the other branch, saved. Once while the chat's worker is parked after its answer, once without one.
 */
export async function pressToShown(stage: Stage, rounds: number): Promise<Row[]> {
  const [engine, app] = await Promise.all([stage.engine("ours"), stage.app()]);
  const executablePath = systemBrowser();
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const guest = await visit(app);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const cookies = guest.cookie.split("; ").map((cookie) => cookie.split(/=(.*)/s));
    await context.addCookies(cookies.map(([name, value]) => ({ name: name!, value: value!, url: app.url })));
    const page = await context.newPage();
    await page.addInitScript(countActions);
    const chatId = await writeTwoVersions(page, app.url);

    // Throws when no worker has the chat.
    await engine.workerOf(chatId);
    const parked = await presses(page, rounds);
    await engine.workerOf(chatId);
    await engine.endRuns();
    const alone = await presses(page, rounds);
    if (await hasWorker(engine, chatId)) throw new Error("A switch started a worker");

    const saved = await shownVersion(page);
    await page.reload();
    if ((await shownVersion(page)) !== saved) throw new Error("A switch was shown that was not saved");
    return [row("parked worker", parked), row("no worker", alone)];
  } finally {
    await browser.close();
  }
}

function row(name: string, samples: number[][]): Row {
  return {
    what: `switch, press to shown, ${name}, p95`,
    unit: "ms",
    ours: figure(samples.map((round) => percentile(round, 0.95))),
    budget: { limit: 60, of: "ours" },
    note: "tree: in Chromium, from the press to the frame after the other branch is shown and its move is saved",
  };
}

async function hasWorker(engine: Engine, chatId: string): Promise<boolean> {
  return engine.workerOf(chatId).then(
    () => true,
    () => false,
  );
}

/** A chat of one question with two answers, the second of which is shown. Returns its id. */
async function writeTwoVersions(page: Page, url: string): Promise<string> {
  await page.goto(url);
  await page.locator("[data-slot=composer-input]").fill(QUESTION);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/chat\/[\w-]+/);
  const answer = page.locator("[data-slot=message][data-role=assistant]").last();
  await answer.getByRole("button", { name: "Regenerate" }).click();
  await page.getByRole("group", { name: "Version 2 of 2" }).last().waitFor();
  await answer.getByRole("button", { name: "Regenerate" }).waitFor();
  // Saved: a reload shows it.
  await page.reload();
  await page.getByRole("group", { name: "Version 2 of 2" }).last().waitFor();
  // The page comes alive, and opens the streams that it then keeps open.
  await page.waitForTimeout(2_000);
  return new URL(page.url()).pathname.split("/").at(-1)!;
}

async function shownVersion(page: Page): Promise<string | null> {
  return page
    .getByRole("group", { name: /^Version \d of 2$/ })
    .last()
    .getAttribute("aria-label");
}

/** The first round warms up. */
async function presses(page: Page, rounds: number): Promise<number[][]> {
  const samples: number[][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const times: number[] = [];
    for (let press = 0; press < PRESSES; press += 1) times.push(await page.evaluate<number>(pressAndWait));
    if (round > 0) samples.push(times);
  }
  return samples;
}

/** Counts the requests of server actions that have no answer yet. */
const countActions = `
  window.actions = 0;
  const { fetch } = window;
  window.fetch = async (...call) => {
    const isAction = call[1]?.method === "POST";
    if (isAction) window.actions += 1;
    try {
      return await fetch(...call);
    } finally {
      if (isAction) window.actions -= 1;
    }
  };
`;

/** In milliseconds. Runs in the page as text, because the compiler's helpers do not go along. */
const pressAndWait = `(async () => {
  const switcher = () => [...document.querySelectorAll("[data-slot=branch-switcher]")].at(-1);
  const isAtFirst = switcher().ariaLabel === "Version 1 of 2";
  const wanted = isAtFirst ? "Version 2 of 2" : "Version 1 of 2";
  const label = isAtFirst ? "Next version" : "Previous version";
  const from = performance.now();
  switcher().querySelector('[aria-label="' + label + '"]').click();
  let sent = false;
  for (;;) {
    await new Promise((frame) => requestAnimationFrame(frame));
    sent ||= window.actions > 0;
    if (sent && window.actions === 0 && switcher()?.ariaLabel === wanted) break;
    if (performance.now() - from > 10_000) throw new Error("The other branch was never shown");
  }
  const took = performance.now() - from;
  // A reader looks before the next press, and the page is at rest by then.
  await new Promise((done) => setTimeout(done, 50));
  return took;
})()`;
