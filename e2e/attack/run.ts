/**
 * `npm run attack`: one guest with 30 chats at once, 1,000 streams and 1,000 page views without a cookie, against the
 * production build in a stack of its own on loopback. Meanwhile somebody else asks, in a browser. It fails when that
 * person waits more than twice as long as alone, and ends by itself after a few minutes at most.
 */
import { chromium, type Page } from "@playwright/test";
import pg from "pg";
import { startApp, type TestApp } from "../support/app";
import { ensureBuild } from "../commands/build";
import { systemBrowser } from "../commands/browser";

const CHATS = 30;
const STREAMS = 1_000;
const VIEWS = 1_000;
const ROUNDS = 5;
const MOST_TIMES_ALONE = 2;
const END_AFTER_MS = 8 * 60_000;
/** Of documentation, and told apart by the proxy that this script is. */
const ATTACKER = "203.0.113.66";
const SOMEBODY = "198.51.100.7";

setTimeout(() => {
  console.error("The attack took too long and was ended.");
  process.exit(1);
}, END_AFTER_MS).unref();

// The limits as they are without a setting, and addresses from a proxy on this machine.
const settings = ["CHAT_STARTS", "MESSAGES", "UPLOADS", "COPIES", "GUESTS", "VIEWS", "STREAM_STARTS"].map(
  (name) => [`LIMIT_${name}`, ""],
);
ensureBuild();
const app = await startApp({ ...Object.fromEntries(settings), TRUSTED_PROXY: "loopback" });
const executablePath = systemBrowser();
const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
let isOver = false;
try {
  await main();
} finally {
  isOver = true;
  await browser.close();
  await app.close();
}

async function main(): Promise<void> {
  const somebody = await visitor(SOMEBODY);
  await askAndWait(somebody);
  const alone = await median(somebody);
  const attacker = await prepareAttack();
  const before = await countPeople(app);
  const attack = Promise.all([beginChats(attacker), viewPages(), openStreams(attacker)]);
  // The chats are on their way before anybody else asks.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const during = await median(somebody);
  const [chats, views, streams] = await attack;
  const made = (await countPeople(app)) - before;
  const times = during / alone;
  console.log(`chats begun at once       ${CHATS}: ${tally(chats)}`);
  console.log(`streams at once           ${STREAMS}: ${tally(streams)}`);
  console.log(`page views                ${VIEWS}: ${tally(views)}, rows made: ${made}`);
  console.log(`somebody else, alone      ${Math.round(alone)} ms (median of ${ROUNDS})`);
  console.log(`somebody else, meanwhile  ${Math.round(during)} ms, ${times.toFixed(2)} times as long`);
  if (times > MOST_TIMES_ALONE || made > 0) process.exitCode = 1;
}

async function visitor(address: string): Promise<Page> {
  const context = await browser.newContext({
    baseURL: app.url,
    extraHTTPHeaders: { "x-forwarded-for": address },
  });
  return context.newPage();
}

/** From a press on Send in a new chat to the whole answer on the page. */
async function askAndWait(page: Page): Promise<number> {
  await page.goto("/");
  await page.getByRole("textbox", { name: "Message" }).fill("count to 20");
  const pressed = performance.now();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const answer = page.locator('[data-slot="message"][data-role="assistant"]').last();
  await answer.getByText(/\b20\b/).waitFor({ timeout: 90_000 });
  return performance.now() - pressed;
}

async function median(page: Page): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await askAndWait(page));
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}

type Attacker = { page: Page; chatId: string; headers: Record<string, string>; body: string };

/** What the page itself sends to begin a chat, to be repeated with other ids. */
async function prepareAttack(): Promise<Attacker> {
  const page = await visitor(ATTACKER);
  const begins = page.waitForRequest((request) => Boolean(request.headers()["next-action"]));
  await askAndWait(page);
  const request = await begins;
  const chatId = new URL(page.url()).pathname.replace("/chat/", "");
  const { cookie: _, "content-length": _length, ...headers } = await request.allHeaders();
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
  return { page, chatId, headers: { ...sent, origin: app.url }, body: request.postData() ?? "" };
}

async function beginChats({ page, chatId, headers, body }: Attacker): Promise<string[]> {
  const begin = async () => {
    const id = crypto.randomUUID();
    const started = await page.request.post("/", {
      headers,
      data: body.replaceAll(chatId, id),
      timeout: 60_000,
    });
    const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(await started.text())?.[0];
    if (!token) return "refused at the start";
    const message = { id, role: "user", parts: [{ type: "text", text: "count to 400" }] };
    const appended = await page.request.post(`/engine/realtime/v1/sessions/${id}/in/append`, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", origin: app.url },
      data: { kind: "message", payload: { chatId: id, trigger: "submit-message", message } },
      timeout: 60_000,
    });
    return appended.ok() ? "begun" : `message refused (${appended.status()})`;
  };
  return Promise.all(Array.from({ length: CHATS }, begin));
}

async function openStreams({ page, chatId, headers }: Attacker): Promise<string[]> {
  const token = await freshToken(page, chatId);
  const open = async () => {
    const abort = new AbortController();
    try {
      const response = await fetch(`${app.url}/engine/realtime/v1/sessions/${chatId}/out`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: "text/event-stream",
          "x-forwarded-for": ATTACKER,
          cookie: headers.cookie ?? "",
        },
        signal: abort.signal,
      });
      if (response.ok) held.push(abort);
      else abort.abort();
      return response.ok ? "open" : String(response.status);
    } catch {
      return "broken";
    }
  };
  const held: AbortController[] = [];
  const outcomes = await inTurns(STREAMS, 50, open);
  for (const abort of held) abort.abort();
  return outcomes;
}

/** As the page has it in the requests that it makes. */
async function freshToken(page: Page, chatId: string): Promise<string> {
  const asks = page.waitForRequest((request) => request.url().includes(`/sessions/${chatId}/out`));
  await page.reload();
  const { authorization = "" } = await (await asks).allHeaders();
  return authorization.replace("Bearer ", "");
}

function viewPages(): Promise<string[]> {
  return inTurns(VIEWS, 8, async () => {
    try {
      const response = await fetch(app.url, {
        headers: { accept: "text/html", "x-forwarded-for": ATTACKER },
      });
      await response.arrayBuffer();
      return String(response.status);
    } catch {
      return "broken";
    }
  });
}

/** So many times, so many at once. */
async function inTurns(times: number, atOnce: number, work: () => Promise<string>): Promise<string[]> {
  const outcomes: string[] = [];
  let begun = 0;
  const one = async () => {
    while (!isOver && begun < times) {
      begun += 1;
      outcomes.push(await work());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return outcomes;
}

function tally(outcomes: string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}

async function countPeople({ databaseUrl }: TestApp): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM "User"`);
    return rows[0]!.count;
  } finally {
    await client.end();
  }
}
