/**
 * The durability stories without a browser: the unmodified SDK over HTTP against the engine, the agent, PostgreSQL.
 * The oracle is the content: the demo model counts, and every number must be there once, on the stream and at rest.
 */
import { expect, it } from "vitest";
import { messageText } from "@/lib/chat/message";
import { readBranch } from "@/lib/chat/tree/queries";
import { pagesOnEngine } from "../support/pages-on-engine";
import { expiredToken } from "../support/expired-token";
import { counted, lines, mint, newChatId, readAnswer, reload } from "../support/page";
import { tcpProxy } from "../support/tcp-proxy";

const here = pagesOnEngine();
const { site, openPage, savedTranscript, expectSaved } = here;

it("answers a second turn with the first one in mind", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Oslo."));
  const second = await readAnswer(await page.ask("Which city is mine?"));
  expect(second.text).toContain("Oslo");
  const { messages } = await savedTranscript(chatId);
  expect(messages.map((message) => message.role)).toEqual(["user", "assistant", "user", "assistant"]);
});

it("continues after a reload in the middle of an answer, with nothing twice", async () => {
  const chatId = newChatId();
  const first = openPage(chatId);
  const reader = (await first.ask("count to 40 at 25 ms")).getReader();
  for (let read = 0; read < 15; read += 1) await reader.read();
  await reader.cancel();
  first.transport.dispose();

  const second = await reload(site(), chatId);
  expect(lines(second.transcript)).toEqual([["user", "count to 40 at 25 ms"]]);
  expect((await readAnswer(second.stream!)).text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("completes the answer when the worker is killed in the middle of it", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3"));
  let killed = 0;
  const answer = await readAnswer(await page.ask("count to 40 at 25 ms"), (seen) => {
    if (seen === 15) killed = here.engine.killWorkers();
  });
  expect(killed).toBeGreaterThan(0);
  expect(answer).toMatchObject({ starts: 2, errors: [] });
  expect(answer.text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 3"],
    ["assistant", counted(3)],
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("keeps the last of what was written of an answer that was given up, once, and as unfinished", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("count to 3"));
  const failed = await readAnswer(await page.ask("Crash the worker every time"));
  expect(failed.errors).toHaveLength(1);
  const again = await readAnswer(await page.retry());
  expect(again.errors).toHaveLength(1);
  expect((await readAnswer(await page.ask("count to 4"))).text).toBe(counted(4));
  await expectSaved(chatId, [
    ["user", "count to 3"],
    ["assistant", counted(3)],
    ["user", "Crash the worker every time"],
    ["assistant", again.text.trim()],
    ["user", "count to 4"],
    ["assistant", counted(4)],
  ]);
  const { nonFinalIds } = (await readBranch(here.db, chatId))!;
  expect(nonFinalIds).toHaveLength(1);
}, 60_000);

it("completes the answer when the engine is restarted in the middle of it", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  let restart: Promise<void> | undefined;
  const answer = await readAnswer(await page.ask("count to 40 at 25 ms"), (seen) => {
    if (seen === 15) restart = here.engine.restart();
  });
  await restart;
  expect(answer.text.trim()).toBe(counted(40));
  await expectSaved(chatId, [
    ["user", "count to 40 at 25 ms"],
    ["assistant", counted(40)],
  ]);
});

it("stops, keeps what was written, and answers the next turn", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const stopped = await readAnswer(await page.ask("count to 200 at 25 ms"), async (seen) => {
    if (seen === 15) await page.transport.stopGeneration(chatId);
  });
  expect(stopped.text).not.toContain("199");
  const partial = await savedTranscript(chatId);
  expect(messageText(partial.messages.at(-1)!)).toMatch(/^0 1 2 /);
  expect((await readAnswer(await page.ask("count to 5"))).text.trim()).toBe(counted(5));
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it("answers a follow-up after the run has ended", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  await readAnswer(await page.ask("My city is Bergen."));
  await savedTranscript(chatId);
  expect(here.engine.killWorkers()).toBeGreaterThan(0);
  const answer = await readAnswer(await page.ask("Which city is mine?"));
  expect(answer.text).toContain("Bergen");
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it.each(["expired", "corrupt"])("refreshes a token that is %s once and sends nothing twice", async (kind) => {
  const chatId = newChatId();
  let minted = 0;
  const page = openPage(chatId, {
    accessToken: () => {
      minted += 1;
      return mint(chatId);
    },
  });
  await readAnswer(await page.ask("count to 3"));
  const { cursors } = await savedTranscript(chatId);
  const good = await mint(chatId);
  page.transport.setSession(chatId, {
    publicAccessToken:
      kind === "expired"
        ? await expiredToken(here.engine.secretKey, chatId)
        : good.replace(/.{8}$/, "AAAAAAAA"),
    lastEventId: cursors.lastOutEventId,
  });
  expect((await readAnswer(await page.ask("count to 4"))).text.trim()).toBe(counted(4));
  expect(minted).toBe(1);
  expect((await savedTranscript(chatId)).messages).toHaveLength(4);
});

it("heals a cut network: the answer goes on where it was", async () => {
  const chatId = newChatId();
  const proxy = await tcpProxy(Number(new URL(here.engine.url).port));
  const page = openPage(chatId, { baseURL: `http://127.0.0.1:${proxy.port}` });
  try {
    const answer = await readAnswer(await page.ask("count to 60 at 25 ms"), (seen) => {
      if (seen !== 15) return;
      proxy.cut();
      setTimeout(() => proxy.heal(), 400);
    });
    expect(answer).toMatchObject({ starts: 1, errors: [] });
    expect(answer.text.trim()).toBe(counted(60));
  } finally {
    await proxy.close();
  }
});

it("shows an error of the model and answers the next turn", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const failed = await readAnswer(await page.ask("error please"));
  expect(failed.errors).toHaveLength(1);
  expect((await readAnswer(await page.ask("count to 3"))).text.trim()).toBe(counted(3));
});

it("answers a message with NUL and lone surrogates, and stores what text can hold", async () => {
  const chatId = newChatId();
  const answer = await readAnswer(await openPage(chatId).ask("count to 3 \u0000\ud800 please"));
  expect(answer).toMatchObject({ text: counted(3), errors: [] });
  const { messages } = await savedTranscript(chatId);
  expect(messageText(messages[0]!)).toBe("count to 3 \ufffd please");
});

it("refuses a message that is far too long in words, keeps none of it, and goes on", async () => {
  const chatId = newChatId();
  const page = openPage(chatId);
  const refused = await readAnswer(await page.ask("x".repeat(1_000_000)));
  expect(refused.errors).toEqual([expect.stringContaining("The message is too long: 1,000,000 characters")]);
  await expect(page.ask("x".repeat(1_100_000))).rejects.toMatchObject({ status: 413 });
  expect((await readAnswer(await page.ask("count to 3"))).text).toBe(counted(3));
  await expectSaved(chatId, [
    ["user", "count to 3"],
    ["assistant", counted(3)],
  ]);
});
