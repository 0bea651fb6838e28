import { beforeEach, describe, expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { createChat } from "@/lib/chat/tree/queries";
import { sendDigests, type Digest, type DigestChannel } from "./digest";

const shared = testDatabase();
const start = new Date("2026-11-21T14:00:00Z");
const later = (minutes: number) => new Date(start.getTime() + minutes * 60_000);

/** Each person's chat. */
const chats: Record<string, string> = {};

beforeEach(async () => {
  await shared.db.chat.deleteMany();
  await shared.db.digest.deleteMany();
  for (const userId of ["ada", "bob"]) {
    chats[userId] = crypto.randomUUID();
    await createChat(shared.db, { id: chats[userId], userId });
    await shared.db.user.update({ where: { id: userId }, data: { isAnonymous: false, emailVerified: true } });
  }
});

function ask(userId: string, toolCallId: string, minute = 0, more: object = {}) {
  const row = { messageId: "a1", tool: "refund", kind: "approval", title: `Refund ${toolCallId}`, input: {} };
  return shared.db.humanRequest.create({
    data: { ...row, chatId: chats[userId]!, toolCallId, createdAt: later(minute), ...more },
  });
}

function decide(toolCallId: string) {
  return shared.db.humanRequest.updateMany({ where: { toolCallId }, data: { state: "approved" } });
}

function listener(name = "webhook", fails?: () => boolean) {
  const got: Digest[] = [];
  const channel: DigestChannel = {
    name,
    async send(digest) {
      if (fails?.()) throw new Error(`${name} is down`);
      got.push(digest);
    },
  };
  const said = () =>
    got.map(({ person, waiting }) => [person.id, waiting.map(({ toolCallId }) => toolCallId).join()]);
  return { channel, got, said };
}

const send = (channels: DigestChannel[], minute = 10) => sendDigests(shared.db, channels, later(minute));

describe("a digest", () => {
  it("names everything that waits for a person, and nobody else's", async () => {
    await ask("ada", "c1");
    await ask("ada", "c2", 1);
    await ask("bob", "c3");
    const { channel, said, got } = listener();
    expect(await send([channel])).toEqual({ sent: 2 });
    expect(said()).toEqual(
      expect.arrayContaining([
        ["ada", "c1,c2"],
        ["bob", "c3"],
      ]),
    );
    expect(new Set(got.map(({ id }) => id)).size).toBe(2);
  });

  it("is sent again only when something new waits", async () => {
    await ask("ada", "c1");
    await ask("ada", "c2", 1);
    const { channel, said } = listener();
    await send([channel]);
    await send([channel]);
    await decide("c1");
    await send([channel]);
    expect(said()).toEqual([["ada", "c1,c2"]]);
    await ask("ada", "c3", 5);
    await send([channel]);
    expect(said()).toEqual([
      ["ada", "c1,c2"],
      ["ada", "c2,c3"],
    ]);
  });

  it("is quiet when nothing waits: decided, expired, in a deleted chat, or a guest's", async () => {
    await ask("ada", "c1");
    await decide("c1");
    await ask("ada", "c2", 0, { expiresAt: later(5) });
    await ask("bob", "c3");
    await shared.db.chat.update({ where: { id: chats["bob"]! }, data: { deletedAt: start } });
    const { channel, said } = listener();
    expect(await send([channel])).toEqual({ sent: 0 });
    await shared.db.chat.update({ where: { id: chats["bob"]! }, data: { deletedAt: null } });
    await shared.db.user.update({ where: { id: "bob" }, data: { isAnonymous: true } });
    expect(await send([channel])).toEqual({ sent: 0 });
    expect(said()).toEqual([]);
  });

  it("goes to the channels and the people that can be reached, and to the others the next time", async () => {
    await ask("ada", "c1");
    await ask("bob", "c2");
    let isDown = true;
    const [webhook, mail] = [listener("webhook", () => isDown), listener("mail")];
    await expect(send([webhook.channel, mail.channel])).rejects.toThrow("2 digests could not be sent");
    expect(mail.said()).toHaveLength(2);
    isDown = false;
    await send([webhook.channel, mail.channel]);
    await send([webhook.channel, mail.channel]);
    expect(mail.said()).toHaveLength(2);
    expect(webhook.said()).toHaveLength(2);
    // The same digest has the same id everywhere.
    expect(webhook.got.map(({ id }) => id).toSorted()).toEqual(mail.got.map(({ id }) => id).toSorted());
  });

  it("of an unconfirmed account has no address", async () => {
    await shared.db.user.update({ where: { id: "ada" }, data: { emailVerified: false } });
    await ask("ada", "c1");
    const { channel, got } = listener();
    await send([channel]);
    expect(got[0]!.person).toMatchObject({ id: "ada", email: null });
  });
});
