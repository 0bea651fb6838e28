import { chromium, type Browser } from "@playwright/test";
import { startApp, type TestApp } from "@/e2e/support/app";
import { systemBrowser } from "@/e2e/commands/browser";
import { ensureBuild } from "@/e2e/commands/build";
import { lines, savedTranscript, type Line } from "@/e2e/support/page";
import type { EngineProcess } from "@/e2e/support/processes";
import { Conversation } from "@/e2e/support/story";
import { createDb, type Db } from "@/lib/db/client";
import type { Mode } from "@/lib/engine/mode";
import { add, judgeLines, PATIENCE_MS, random, verdict, type Fault, type Verdict } from "./fault";
import { countedLines } from "./lab";

export type BrowserLab = {
  app: TestApp;
  engine: EngineProcess;
  browser: Browser;
  db: Db;
  close(): Promise<void>;
};

export async function startBrowserLab(mode: Mode): Promise<BrowserLab> {
  ensureBuild();
  const app = await startApp({ ENGINE_MODE: mode });
  const executablePath = systemBrowser();
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  const db = createDb(app.databaseUrl);
  return {
    app,
    engine: app.engine,
    browser,
    db,
    async close() {
      await browser.close();
      await db.$disconnect();
      await app.close();
    },
  };
}

/** What a person sees, in Chromium, with the production build. */
export const browserFaults: Array<Fault<BrowserLab>> = [
  inBrowser("browser: reload at a chunk", 5, async (conversation, seed) => {
    await conversation.sees(5 * (seed % 8));
    await conversation.page.reload();
  }),
  inBrowser("browser: three reloads in one answer", 2, async (conversation, seed) => {
    const { between } = random(seed);
    for (const at of [between(1, 8), between(10, 18), between(20, 30)]) {
      await conversation.sees(at);
      await conversation.page.reload();
    }
  }),
  inBrowser("browser: worker killed", 2, async (conversation, seed, lab) => {
    await conversation.sees(random(seed).between(1, 35));
    lab.engine.killWorkers();
  }),
  inBrowser("browser: worker killed, then a reload", 2, async (conversation, seed, lab) => {
    await conversation.sees(random(seed).between(1, 35));
    lab.engine.killWorkers();
    await conversation.page.reload();
  }),
  inBrowser("browser: engine killed", 2, async (conversation, seed, lab) => {
    await conversation.sees(random(seed).between(1, 35));
    await lab.engine.restart();
  }),
  inBrowser("browser: engine killed, then a reload", 2, async (conversation, seed, lab) => {
    await conversation.sees(random(seed).between(1, 35));
    const back = lab.engine.restart();
    await conversation.page.reload();
    await back;
  }),
];

function inBrowser(
  name: string,
  trials: number,
  strike: (conversation: Conversation, seed: number, lab: BrowserLab) => Promise<void>,
): Fault<BrowserLab> {
  return {
    name,
    trials,
    async run(lab, seed) {
      const context = await lab.browser.newContext({ viewport: { width: 1280, height: 800 } });
      try {
        const page = await context.newPage();
        await page.goto(lab.app.url);
        const conversation = new Conversation(page, lab.app);
        const question = "count to 40 at 50 ms";
        const wanted = countedLines(["count to 3", 3], [question, 40]);
        await conversation.ask("count to 3");
        const result = await judgePage(conversation, wanted.slice(0, 2), "the first turn");
        await conversation.ask(question);
        await strike(conversation, seed, lab);
        add(result, await judgePage(conversation, wanted, "the page"));
        const saved = await savedTranscript(lab.db, conversation.chatId(), PATIENCE_MS);
        add(result, judgeLines(lines(saved), wanted, "the database"));
        await page.reload();
        return add(result, await judgePage(conversation, wanted, "the page after another reload"));
      } finally {
        await context.close();
      }
    },
  };
}

/** The page once it shows what it should at rest, or what it shows when the time is up. */
async function judgePage(conversation: Conversation, wanted: Line[], where: string): Promise<Verdict> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await conversation.page.waitForTimeout(100)) {
    const shown = judgeLines(await shownLines(conversation), wanted, where);
    const isBusy = (await conversation.stopButton.count()) > 0;
    if (!isBusy && shown.lost + shown.doubled === 0) return shown;
    if (Date.now() < deadline) continue;
    if (!isBusy) return shown;
    return add({ ...verdict(), stuck: 1, notes: [`${where}: still answering`] }, shown);
  }
}

async function shownLines({ page }: Conversation): Promise<Line[]> {
  return page.locator('[data-slot="message"]').evaluateAll((messages) =>
    messages.map((message): [string, string] => {
      const content = message.querySelector('[data-slot="message-content"]');
      return [message.getAttribute("data-role") ?? "", (content?.textContent ?? "").trim()];
    }),
  );
}
