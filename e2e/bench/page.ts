import { gzipSync } from "node:zlib";
import { chromium, type Browser } from "@playwright/test";
import { systemBrowser } from "../commands/browser";
import type { Bench } from "./support/bench";
import { visit, writeChat, type App, type Guest } from "./support/app";
import { figure } from "./support/statistics";

const MESSAGES = 1_000;

export const page: Bench = {
  name: "page",
  about: "the chat page in Chromium: weight, and a chat of 1,000 messages",
  async run(stage, { rounds }) {
    const [engine, app] = await Promise.all([stage.engine("ours"), stage.app()]);
    const guest = await visit(app);
    const chatId = crypto.randomUUID();
    await writeChat(engine.db, chatId, guest.userId, MESSAGES);
    const scripts = await firstLoad(app, guest, `/chat/${chatId}`);
    const executablePath = systemBrowser();
    const browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
      ],
    });
    try {
      const mounts: Mount[] = [];
      // The first one fills the caches.
      for (let round = 0; round <= rounds; round += 1) mounts.push(await mount(browser, app, guest, chatId));
      const counted = mounts.slice(1);
      return [
        {
          what: "first-load JavaScript, gzip",
          unit: "KB",
          ours: figure([scripts.kilobytes]),
          budget: { limit: 420, of: "ours" },
          note: `page: ${scripts.count} script files that the HTML of a chat names, before anything is touched`,
        },
        {
          what: "1,000 messages, mount to paint",
          unit: "ms",
          ours: figure(counted.map(({ mountMs }) => mountMs)),
          budget: { limit: 250, of: "ours" },
          note: `page: from React's start in the page to the frame after its last message is alive; the page holds the newest ${counted[0]!.messages} of ${MESSAGES} messages`,
        },
        {
          what: "1,000 messages, response to first paint",
          unit: "ms",
          ours: figure(counted.map(({ paintMs }) => paintMs)),
        },
        {
          what: "1,000 messages, DOM nodes",
          unit: "",
          ours: figure(counted.map(({ nodes }) => nodes)),
          budget: { limit: 1_500, of: "ours" },
        },
      ];
    } finally {
      await browser.close();
    }
  },
};

async function firstLoad(app: App, guest: Guest, path: string) {
  const html = await (
    await fetch(app.url + path, { headers: { accept: "text/html", cookie: guest.cookie } })
  ).text();
  if (!html.includes(`This is answer ${MESSAGES - 1}`)) throw new Error("The HTML does not hold the chat");
  const tags = [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"[^>]*>/g)];
  const sources = new Set(tags.filter(([tag]) => !/\bnomodule\b/i.test(tag)).map((tag) => tag[1]!));
  let bytes = 0;
  for (const source of sources) {
    const script = await fetch(new URL(source, app.url));
    bytes += gzipSync(Buffer.from(await script.arrayBuffer())).length;
  }
  return { count: sources.size, kilobytes: bytes / 1024 };
}

type Mount = { mountMs: number; paintMs: number; nodes: number; messages: number };

async function mount(browser: Browser, app: App, guest: Guest, chatId: string): Promise<Mount> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const [name, value] = guest.cookie.split(/=(.*)/s);
    await context.addCookies([{ name: name!, value: value!, url: app.url }]);
    const tab = await context.newPage();
    await tab.addInitScript(watchMount);
    await tab.goto(`${app.url}/chat/${chatId}`);
    await tab.waitForFunction(() => "mountedAt" in window);
    const mounted = await tab.evaluate(() => {
      const times = window as unknown as { startedAt: number; mountedAt: number };
      const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
      const paint = performance.getEntriesByName("first-contentful-paint")[0]!;
      return {
        mountMs: times.mountedAt - times.startedAt,
        paintMs: paint.startTime - navigation!.responseStart,
        messages: document.querySelectorAll('[data-slot="message"]').length,
      };
    });
    // Markdown comes a moment later; it is part of what stays in the page.
    await tab.waitForLoadState("networkidle");
    await tab.getByText(`This is answer ${MESSAGES - 1}`).waitFor();
    return { ...mounted, nodes: await tab.evaluate(() => document.querySelectorAll("*").length) };
  } finally {
    await context.close();
  }
}

/**
 * Runs in the page: React marks the document when it starts, and an element when that is alive. As text, because the
 * compiler's helpers do not go along.
 */
const watchMount = `
  const has = (node, mark) => Object.keys(node).some((key) => key.startsWith(mark));
  const look = () => {
    if (window.startedAt === undefined && has(document, "__reactContainer")) window.startedAt = performance.now();
    const last = [...document.querySelectorAll('[data-slot="message"]')].at(-1);
    if (window.startedAt !== undefined && last && has(last, "__reactFiber")) {
      requestAnimationFrame(() => setTimeout(() => (window.mountedAt = performance.now()), 0));
    } else setTimeout(look, 1);
  };
  look();
`;
