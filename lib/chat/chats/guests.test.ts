import { expect, it } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { createChat } from "../tree/queries";
import { sweepGuests } from "./guests";

const shared = testDatabase();
const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000);

async function person({ isAnonymous = true, created = 3, seen = 3 } = {}): Promise<string> {
  const id = crypto.randomUUID();
  await shared.db.user.create({
    data: {
      id,
      name: "Guest",
      email: `${id}@guest.invalid`,
      isAnonymous,
      createdAt: daysAgo(created),
      sessions: {
        create: {
          id,
          token: id,
          expiresAt: daysAgo(-90),
          createdAt: daysAgo(created),
          updatedAt: daysAgo(seen),
        },
      },
    },
  });
  return id;
}

const isThere = async (id: string) => (await shared.db.user.count({ where: { id } })) === 1;

it("removes guests without a chat or a file who have not been here for days, and nobody else", async () => {
  const idle = await person();
  const withChat = await person();
  await createChat(shared.db, { id: crypto.randomUUID(), userId: withChat });
  const withFile = await person();
  await shared.db.attachment.create({
    data: { id: crypto.randomUUID(), userId: withFile, name: "a", mediaType: "text/plain", size: 1 },
  });
  const kept = [
    withChat,
    withFile,
    await person({ created: 1, seen: 1 }),
    await person({ seen: 1 }),
    await person({ isAnonymous: false }),
  ];
  expect(await sweepGuests(shared.db)).toBe(1);
  expect(await isThere(idle)).toBe(false);
  for (const id of kept) expect(await isThere(id)).toBe(true);
});

it("loses no chat that is begun while it sweeps: the guest stays, or the chat is refused", async () => {
  for (let round = 0; round < 10; round++) {
    const guests = await Promise.all(Array.from({ length: 5 }, () => person()));
    const chats = guests.map((userId) => ({ id: crypto.randomUUID(), userId }));
    const [, ...begun] = await Promise.all([
      sweepGuests(shared.db),
      ...chats.map((chat) =>
        createChat(shared.db, chat).then(
          (made) => made !== null,
          () => false,
        ),
      ),
    ]);
    for (const [index, { id }] of chats.entries())
      expect(await shared.db.chat.count({ where: { id } })).toBe(begun[index] ? 1 : 0);
  }
});
