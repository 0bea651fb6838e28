import { beforeEach, describe, expect, it } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { readContext } from "./context";
import { moveBranch } from "./move-branch";
import { createChat } from "./queries";
import { prismaStorage } from "./storage";

const shared = testDatabase();
let chatId: string;

beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  await createChat(shared.db, { id: chatId, userId: "ada" });
  await save(prismaStorage(shared.db), chatId, [put("u1"), put("a1"), put("u2"), put("a2")]);
});

type Event = Parameters<typeof readContext>[2];
const messages = (...ids: string[]) => ids.map((id) => message(id));
async function context(event: Partial<Event> = {}): Promise<string[]> {
  const whole = { trigger: "submit-message", incomingMessages: [], previousMessages: [], ...event } as Event;
  return (await readContext(shared.db, chatId, whole)).messages.map(({ id }) => id);
}

describe("the context of a turn", () => {
  it("is the branch that is saved, whatever the run remembers, and what came in", async () => {
    const previousMessages = messages("u1", "a1");
    const incomingMessages = messages("u3");
    expect(await context({ previousMessages, incomingMessages })).toEqual(["u1", "a1", "u2", "a2", "u3"]);
  });

  it("is the branch that the head was moved to while the run slept", async () => {
    await moveBranch(shared.db, { chatId, userId: "ada" }, { type: "undo", headId: "a2" });
    const previousMessages = messages("u1", "a1", "u2", "a2");
    expect(await context({ previousMessages, incomingMessages: messages("u3") })).toEqual(["u1", "a1", "u3"]);
    await moveBranch(shared.db, { chatId, userId: "ada" }, { type: "undo", headId: "a1" });
    expect(await context({ previousMessages })).toEqual([]);
  });

  it("has what follows the saved branch and no save has reached", async () => {
    const previousMessages = messages("u1", "a1", "u2", "a2", "u3", "a-recovered");
    expect(await context({ previousMessages })).toEqual(["u1", "a1", "u2", "a2", "u3", "a-recovered"]);
  });

  it("has nothing of another branch, not even what was never saved there", async () => {
    await moveBranch(shared.db, { chatId, userId: "ada" }, { type: "undo", headId: "a2" });
    const previousMessages = messages("u1", "a1", "u2", "a2", "u-unsaved");
    expect(await context({ previousMessages })).toEqual(["u1", "a1"]);
    expect(await context({ previousMessages: messages("x", "y") })).toEqual(["u1", "a1"]);
  });

  it("has an incoming message once, and a whole history that comes in, in its order", async () => {
    expect(await context({ incomingMessages: messages("u2") })).toEqual(["u1", "a1", "u2", "a2"]);
    const incomingMessages = messages("u1", "a1", "u2", "a2", "u3", "a3", "u4");
    expect(await context({ incomingMessages })).toEqual(["u1", "a1", "u2", "a2", "u3", "a3", "u4"]);
  });

  it("refuses other words under an id that is taken", async () => {
    await expect(context({ incomingMessages: [message("u1", "other words")] })).rejects.toThrow("`id`");
    await expect(context({ incomingMessages: [message("a1", "a1", "user")] })).rejects.toThrow("`id`");
  });

  it("leaves out the answer that is to be written anew", async () => {
    expect(await context({ trigger: "regenerate-message" })).toEqual(["u1", "a1", "u2"]);
  });
});
