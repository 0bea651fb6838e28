// First: it installs the catalog that the SDK's logger needs.
import "@trigger.dev/sdk/ai/test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { message, testDatabase } from "@/e2e/support/chat-fixtures";
import { renameChat } from "@/lib/chat/chats/changes";
import type * as Models from "@/lib/agent/models";
import { resolveModel } from "@/lib/agent/models";
import { cleanTitle, titleChat } from "./title";

vi.mock("@/lib/agent/models", async (original) => {
  const models = await original<typeof Models>();
  return { ...models, resolveModel: vi.fn(models.resolveModel) };
});

const shared = testDatabase();
let chatId: string;
const question = "Explain to me how the tides of the North Sea work, with a table.";
const messages = [message("u1", question), message("a1", "The moon does it.")];
const row = () => shared.db.chat.findUniqueOrThrow({ where: { id: chatId } });

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await shared.db.chat.create({ data: { id: chatId, userId: "ada", title: question } });
});

describe("a title", () => {
  it("is the model's, once, and leaves the chat at its place in the list", async () => {
    const { updatedAt } = await row();
    await titleChat(shared.db, chatId, messages);
    expect(await row()).toMatchObject({ title: "How the tides of the North", titledBy: "model", updatedAt });
    await titleChat(shared.db, chatId, [
      message("u1", "Something else that is also quite long"),
      messages[1]!,
    ]);
    expect((await row()).title).toBe("How the tides of the North");
  });

  it("that a person gave is never replaced, also when they gave it while the model thought", async () => {
    await renameChat(shared.db, { chatId, userId: "ada" }, "Mine");
    await titleChat(shared.db, chatId, messages);
    expect(await row()).toMatchObject({ title: "Mine", titledBy: "person" });

    await shared.db.chat.update({ where: { id: chatId }, data: { titledBy: null } });
    const resolved = await resolveModel();
    vi.mocked(resolveModel).mockImplementationOnce(async () => {
      await renameChat(shared.db, { chatId, userId: "ada" }, "Mine, again");
      return resolved;
    });
    await titleChat(shared.db, chatId, messages);
    expect((await row()).title).toBe("Mine, again");
  });

  it("waits for an answer, and is tried again after a failure", async () => {
    await titleChat(shared.db, chatId, messages.slice(0, 1));
    expect((await row()).titledBy).toBeNull();
    vi.mocked(resolveModel).mockRejectedValueOnce(new Error("away"));
    await expect(titleChat(shared.db, chatId, messages)).resolves.toBeUndefined();
    expect(await row()).toMatchObject({ title: question, titledBy: null });
    await titleChat(shared.db, chatId, messages);
    expect((await row()).titledBy).toBe("model");
  });

  it.each([
    ['"Tides of the North Sea."', "Tides of the North Sea"],
    ["# Tides\n\nThey come twice a day.", "Tides"],
    ["\n\n  **Title**  ", "Title"],
    ["Title: Tides", "Tides"],
    ["a\u0000b\u202Ec", "abc"],
    ["   \n ", ""],
    ["潮の満ち引き", "潮の満ち引き"],
  ])("of %j is one clean line", (text, expected) => {
    expect(cleanTitle(text)).toBe(expected);
  });

  it("is cut to eighty characters", () => {
    expect(cleanTitle("tide ".repeat(100)).length).toBeLessThanOrEqual(80);
  });
});
