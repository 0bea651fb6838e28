import { counted, expect, test } from "../../support/story";

test("the worker of a new chat starts with the first key, and a page view starts nothing", async ({
  conversation,
  page,
  app,
}) => {
  const chats = async () => Number((await conversation.query(`SELECT count(*) FROM "Chat"`))[0]!["count"]);
  const runs = async () =>
    ((await (await fetch(`${app.engine.url}/healthz`)).json()) as { runs: number }).runs;
  await expect(conversation.composer).toBeFocused();
  const before = { chats: await chats(), runs: await runs() };
  await conversation.composer.press("c");
  await expect.poll(runs).toBe(before.runs + 1);
  expect(await chats()).toBe(before.chats + 1);
  // Until something is sent, this is no chat: it has no address, and no list shows it.
  await expect(page).toHaveURL(`${app.url}/`);

  await conversation.ask("count to 30 at 50 ms");
  await conversation.sees(3);
  await expect(page).toHaveURL(/\/chat\//);
  await page.reload();
  await conversation.stands([
    { role: "user", text: "count to 30 at 50 ms" },
    { role: "assistant", text: counted(30) },
  ]);
  expect(await runs()).toBe(before.runs + 1);
  expect(await chats()).toBe(before.chats + 1);
});
