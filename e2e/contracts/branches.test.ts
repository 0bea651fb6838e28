/** Walking the tree with the real SDK against the engine: what the model sees is what the reader sees. */
import { expect, it } from "vitest";
import type { BranchAction } from "@/lib/chat/tree/branch-actions";
import { moveBranch } from "@/lib/chat/tree/move-branch";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { pagesOnEngine } from "../support/pages-on-engine";
import { counted, lines, mint, newChatId, readAnswer, reload } from "../support/page";

const here = pagesOnEngine();
const { site, openPage, savedTranscript, expectSaved, userId } = here;

const acted = async (page: ReturnType<typeof openPage>, action: BranchAction) =>
  readAnswer(await page.act(action));
const ids = async (chatId: string) => (await savedTranscript(chatId)).messages.map(({ id }) => id);
const texts = async (chatId: string) => lines(await savedTranscript(chatId)).map(([, text]) => text);
/** The first answer that the model gives to this after a moment: what it says of the branch it was shown. */
const city = async (page: ReturnType<typeof openPage>) =>
  (await readAnswer(await page.ask("Which city is mine?"))).text;

it("Oslo here, Tokyo there: the model knows the branch that is shown, also in a new run and after a crash", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Oslo.", "oslo"));
  expect(await city(page)).toContain("Oslo");

  const answer = await acted(page, edit("oslo", "tokyo", "My city is Tokyo."));
  expect(answer).toMatchObject({ errors: [], starts: 1 });
  expect(answer.text).toContain("Tokyo");
  expect(await city(page)).toContain("Tokyo");
  expect((await savedTranscript(chatId)).versions).toMatchObject({ tokyo: { ids: ["oslo", "tokyo"] } });

  await page.move({ type: "switch", nodeId: "oslo" });
  expect(await texts(chatId)).toHaveLength(4);
  expect(await city(page)).toContain("Oslo");
  // The run is gone: the next one has only what is stored.
  await savedTranscript(chatId);
  here.engine.killWorkers();
  expect(await city(page)).toContain("Oslo");
  await savedTranscript(chatId);
  here.engine.killWorkers();
  await page.move({ type: "switch", nodeId: "tokyo" });
  const reloaded = await reload(site(), chatId);
  expect(lines(reloaded.transcript)[0]).toEqual(["user", "My city is Tokyo."]);
  expect(await city(page)).toContain("Tokyo");
}, 120_000);

it("another answer stands beside the first, and each can be shown", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3", "q"));
  const [, first] = await ids(chatId);
  const again = await acted(page, { type: "regenerate", actionId: "r1", nodeId: first! });
  expect(again.text.trim()).toBe(counted(3));
  const [, second] = await ids(chatId);
  expect(second).not.toBe(first);
  expect((await savedTranscript(chatId)).versions[second!]?.ids).toEqual([first, second]);
  await page.move({ type: "switch", nodeId: first! });
  expect(await ids(chatId)).toEqual(["q", first]);
});

it("undo and redo move the head and lose nothing", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Oslo."));
  await readAnswer(await page.ask("My city is Rome."));
  const all = await ids(chatId);
  await page.move({ type: "undo", headId: all.at(-1)! });
  expect(await ids(chatId)).toEqual(all.slice(0, 2));
  await page.move({ type: "redo", headId: all[1]! });
  expect(await ids(chatId)).toEqual(all);
  await page.move({ type: "continue-from", nodeId: all[1]! });
  expect(await city(page)).toContain("Oslo");
  expect(await ids(chatId)).toHaveLength(4);
});

it.each([
  ["before its first word", "slow start", 0],
  ["in the middle of its answer", "count to 40 at 100 ms", 15],
])("an edit whose worker dies %s is answered once", async (_, text, at) => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3", "q"));
  const action = edit("q", "q2", at === 0 ? "count to 10 at 100 ms" : text);
  const stream = await page.act(action);
  if (at === 0) {
    await expect.poll(async () => (await loadTranscript(here.db, chatId))?.messages.at(-1)?.id).toBe("q2");
    expect(here.engine.killWorkers()).toBeGreaterThan(0);
  }
  const answer = await readAnswer(stream, (seen) => {
    if (seen === at) expect(here.engine.killWorkers()).toBeGreaterThan(0);
  });
  expect(answer.errors).toEqual([]);
  await expectSaved(chatId, [
    ["user", action.text],
    ["assistant", counted(at === 0 ? 10 : 40)],
  ]);
  expect((await savedTranscript(chatId)).versions).toEqual({ q2: { nodeId: "q2", ids: ["q", "q2"] } });
});

it("a regenerated answer whose worker dies stands once beside the first", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 40 at 100 ms", "q"));
  const [, first] = await ids(chatId);
  const stream = await page.act({ type: "regenerate", actionId: "r", nodeId: first! });
  await readAnswer(stream, (seen) => {
    if (seen === 15) here.engine.killWorkers();
  });
  await expectSaved(chatId, [
    ["user", "count to 40 at 100 ms"],
    ["assistant", counted(40)],
  ]);
  // What a second answer to the same action would need: time, and one more turn behind it.
  await readAnswer(await page.ask("count to 1"));
  const rows = await here.db.message.count({ where: { chatId, parentId: "q" } });
  expect(rows).toBe(2);
});

it("a move while an answer is written is refused, and the answer stays on its branch", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3", "q"));
  await readAnswer(await page.act(edit("q", "q2", "count to 4")));
  const move = { type: "switch", nodeId: "q" } as const;
  const answer = await readAnswer(await page.ask("count to 30 at 25 ms", "q3"), async (seen) => {
    if (seen !== 10) return;
    await expect(moveBranch(here.db, { chatId, userId }, move)).rejects.toThrow(
      "An answer is being written here.",
    );
  });
  expect(answer.text.trim()).toBe(counted(30));
  expect((await texts(chatId)).at(-1)).toBe(counted(30));
  await page.move(move);
  expect(await texts(chatId)).toEqual(["count to 3", counted(3)]);
});

it("two tabs that edit the same message make two versions", async () => {
  const chatId = newChatId();
  const [one, two] = [openPage(chatId), openPage(chatId)];
  await readAnswer(await one.ask("count to 3", "q"));
  two.transport.setSession(chatId, { publicAccessToken: await mint(chatId) });
  await Promise.all([
    acted(one, edit("q", "left", "count to 4")),
    acted(two, edit("q", "right", "count to 5")),
  ]);
  await expect.poll(() => here.db.message.count({ where: { chatId, parentId: null } })).toBe(3);
  await expect
    .poll(() => here.db.message.count({ where: { chatId, parentId: { in: ["left", "right"] } } }))
    .toBe(2);
});

it.each([
  ["an edit to nothing", { type: "edit", actionId: "e", nodeId: "q", newId: "n", text: "  " }, /empty/],
  [
    "an edit of what is not there",
    { type: "edit", actionId: "e", nodeId: "gone", newId: "n", text: "x" },
    /not part/,
  ],
  [
    "an edit of another chat",
    { type: "edit", actionId: "e", nodeId: "foreign", newId: "n", text: "x" },
    /not part/,
  ],
] satisfies Array<[string, BranchAction, RegExp]>)(
  "%s is refused in words, and nothing moves",
  async (_, action, words) => {
    const chatId = newChatId();
    const page = openPage(chatId);
    await readAnswer(await page.ask("count to 2", "q"));
    const foreign = newChatId();
    await here.db.chat.create({ data: { id: foreign, userId } });
    await here.db.message.create({
      data: { chatId: foreign, id: "foreign", messageId: "foreign", role: "user", message: {}, order: 0 },
    });
    const before = await ids(chatId);
    const { errors } = await acted(page, action);
    expect(errors.join()).toMatch(words);
    expect(await ids(chatId)).toEqual(before);
    expect((await readAnswer(await page.ask("count to 3"))).text.trim()).toBe(counted(3));
  },
);

function edit(nodeId: string, newId: string, text: string) {
  return { type: "edit", actionId: `edit-${newId}`, nodeId, newId, text } as const;
}
