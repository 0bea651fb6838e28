import { expiredToken } from "../../support/expired-token";
import { Conversation, counted, expect, test } from "../../support/story";
import { tcpProxy } from "../../support/tcp-proxy";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

test("two turns, and the second remembers the first", async ({ conversation }) => {
  await conversation.ask("My city is Oslo.");
  await conversation.settles();
  await conversation.ask("Which city is mine?");
  await conversation.stands([
    user("My city is Oslo."),
    assistant(/./),
    user("Which city is mine?"),
    assistant(/Oslo/),
  ]);
});

test(
  "a reload during an answer resumes the text, complete and without duplicates",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("count to 60 at 50 ms");
    await conversation.sees(10);
    await page.reload();
    await expect(conversation.questions).toHaveCount(1);
    await expect(conversation.stopButton).toBeVisible();
    await conversation.stands([user("count to 60 at 50 ms"), assistant(counted(60))]);
  },
);

test("a reload uses the token that came with the page", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  const statuses: number[] = [];
  page.on("response", (response) => {
    if (response.url().includes("/engine/")) statuses.push(response.status());
  });
  await page.reload();
  // Connections of the resumed stream, and of the one that watches afterwards.
  await expect.poll(() => statuses).toEqual([200, 200]);
});

test(
  "a reload right after Send keeps the prompt, and it is answered once",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("count to 3");
    await conversation.settles();
    await conversation.ask("count to 20 at 50 ms");
    await expect(conversation.questions).toHaveCount(2);
    await page.reload();
    await conversation.sees(20);
    await conversation.stands([
      user("count to 3"),
      assistant(counted(3)),
      user("count to 20 at 50 ms"),
      assistant(counted(20)),
    ]);
  },
);

test(
  "an answer completes after its worker is killed, and its prompt appears once",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("count to 60 at 40 ms");
    await conversation.sees(10);
    expect(conversation.app.engine.killWorkers()).toBeGreaterThan(0);
    await expect(page.getByText("Resumed after a restart")).toBeVisible();
    await conversation.stands([user("count to 60 at 40 ms"), assistant(counted(60))]);
  },
);

test("an answer completes if the page is reloaded during its restart after a killed worker", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 60 at 40 ms");
  await conversation.sees(10);
  conversation.app.engine.killWorkers();
  await page.reload();
  await conversation.stands([user("count to 60 at 40 ms"), assistant(counted(60))]);
});

test("an answer survives an engine restart", { tag: "@promise" }, async ({ conversation }) => {
  await conversation.ask("count to 60 at 40 ms");
  await conversation.sees(10);
  await conversation.app.engine.restart();
  await conversation.stands([user("count to 60 at 40 ms"), assistant(counted(60))]);
});

test("an answer survives a Next restart", { tag: "@promise" }, async ({ conversation }) => {
  await conversation.ask("count to 80 at 40 ms");
  await conversation.sees(10);
  await conversation.app.next.restart();
  await conversation.stands([user("count to 80 at 40 ms"), assistant(counted(80))]);
});

test("after a stop, the next turn works", { tag: "@promise" }, async ({ conversation, page }) => {
  await conversation.ask("count to 500 at 40 ms");
  await conversation.sees(10);
  await conversation.stopButton.click();
  await expect(page.getByText("You stopped this answer")).toBeVisible();
  await conversation.settles();
  await conversation.ask("count to 5");
  await conversation.stands([
    user("count to 500 at 40 ms"),
    assistant(/^0 1 2 [\d ]+$/),
    user("count to 5"),
    assistant(counted(5)),
  ]);
});

test("stop after a reload ends the run, not only the view", async ({ conversation, page }) => {
  await conversation.ask("count to 500 at 40 ms");
  await conversation.sees(10);
  await page.reload();
  await conversation.stopButton.click();
  await conversation.settles();
  await conversation.ask("count to 5");
  await conversation.stands([
    user("count to 500 at 40 ms"),
    assistant(/^0 1 2 [\d ]+$/),
    user("count to 5"),
    assistant(counted(5)),
  ]);
});

test("a follow-up works after the run has ended", async ({ conversation }) => {
  await conversation.ask("My city is Bergen.");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  conversation.app.engine.killWorkers();
  await conversation.ask("Which city is mine?");
  await conversation.stands([
    user("My city is Bergen."),
    assistant(/./),
    user("Which city is mine?"),
    assistant(/Bergen/),
  ]);
});

for (const kind of ["expired", "corrupt"] as const) {
  test(`the page holds a token that is ${kind}: one refresh, and nothing is sent twice`, async ({
    conversation,
    page,
  }) => {
    await conversation.ask("count to 3");
    await conversation.settles();
    await expect.poll(() => conversation.saved()).toHaveLength(2);
    const chatId = conversation.chatId();
    const token = /eyJ[\w-]+\.[\w-]+\.[\w-]{20,}/g;
    const expired = await expiredToken(conversation.app.engine.secretKey, chatId);
    const spoilt: string[] = [];
    const minted: string[] = [];
    await page.route(`**/chat/${chatId}`, async (route) => {
      const isPage = route.request().isNavigationRequest();
      if (!isPage && !route.request().headers()["next-action"]) return route.continue();
      const response = await route.fetch();
      const body = await response.text();
      const tokens = body.match(token) ?? [];
      if (!isPage) minted.push(...tokens);
      if (!isPage || spoilt.length > 0) return route.fulfill({ response, body });
      spoilt.push(...tokens);
      const spoil = (good: string) => (kind === "expired" ? expired : `${good.slice(0, -8)}AAAAAAAA`);
      return route.fulfill({ response, body: body.replace(token, spoil) });
    });
    await page.reload();
    expect(spoilt).toHaveLength(1);
    await conversation.ask("count to 4");
    await conversation.settles();
    expect(minted).toHaveLength(1);
    await conversation.stands([
      user("count to 3"),
      assistant(counted(3)),
      user("count to 4"),
      assistant(counted(4)),
    ]);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
}

test("a double click on Send is one message", { tag: "@promise" }, async ({ conversation }) => {
  await conversation.composer.fill("count to 5");
  await conversation.sendButton.dblclick();
  await conversation.stands([user("count to 5"), assistant(counted(5))]);
});

test("an answer survives a network outage", { tag: "@promise" }, async ({ app, page }) => {
  const proxy = await tcpProxy(app.port);
  try {
    await page.goto(`http://localhost:${proxy.port}/`);
    const conversation = new Conversation(page, app);
    await conversation.ask("count to 80 at 40 ms");
    await conversation.sees(10);
    proxy.cut();
    await expect(page.getByText(/^Reconnecting/)).toBeVisible();
    proxy.heal();
    await conversation.stands([user("count to 80 at 40 ms"), assistant(counted(80))]);
  } finally {
    await proxy.close();
  }
});

test(
  "a message sent during a network outage is delivered once, afterwards",
  { tag: "@promise" },
  async ({ app, page }) => {
    const proxy = await tcpProxy(app.port);
    try {
      await page.goto(`http://localhost:${proxy.port}/`);
      const conversation = new Conversation(page, app);
      await conversation.ask("count to 3");
      await conversation.settles();
      proxy.cut();
      await conversation.ask("count to 6");
      await expect(page.getByText(/^Reconnecting/)).toBeVisible();
      proxy.heal();
      await conversation.stands([
        user("count to 3"),
        assistant(counted(3)),
        user("count to 6"),
        assistant(counted(6)),
      ]);
    } finally {
      await proxy.close();
    }
  },
);
