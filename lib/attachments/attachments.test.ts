import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { message, testDatabase } from "@/e2e/support/chat-fixtures";
import { deleteEverything } from "@/lib/chat/chats/changes";
import type { ChatMessage } from "@/lib/chat/message";
import {
  claimAttachments,
  createAttachment,
  deleteAttachments,
  sweepAttachments,
  visibleAttachments,
} from "./attachments";
import { attachmentUrl, MAX_FILE_BYTES, OWNER_QUOTA_BYTES } from "./limits";
import { postgresStore } from "./postgres-store";
import { sniff } from "./sniff";

const shared = testDatabase();
const store = () => postgresStore(shared.db);

const text = (value: string) => new TextEncoder().encode(value);
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

async function person(): Promise<string> {
  const id = crypto.randomUUID();
  await shared.db.user.create({ data: { id, name: "Somebody", email: `${id}@example.com` } });
  return id;
}

async function chatOf(userId: string): Promise<string> {
  const id = crypto.randomUUID();
  await shared.db.chat.create({ data: { id, userId } });
  return id;
}

const attach = (userId: string, name = "notes.png", bytes = png) =>
  createAttachment(shared.db, store(), { userId, name, bytes });

function withFile(id: string, more: object = {}): ChatMessage {
  return {
    id: "u1",
    role: "user",
    parts: [{ type: "file", url: attachmentUrl(id), mediaType: "text/html", filename: "lie.html", ...more }],
  };
}

describe("what a file is", () => {
  it.each([
    ["image/png", png],
    ["image/jpeg", Uint8Array.from([0xff, 0xd8, 0xff, 0xe0])],
    ["image/gif", text("GIF89a....")],
    ["image/webp", text("RIFF\u0001\u0002\u0003\u0004WEBPVP8 ")],
    ["application/pdf", text("%PDF-1.7\n")],
    ["text/plain", text("Grüße, 世界\r\n\tand a tab")],
    ["text/plain", text("<script>alert(1)</script>")],
    ["text/plain", text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    [null, Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 0, 0])],
    [null, Uint8Array.from([0x4d, 0x5a, 0x90, 0x00])],
    ["text/plain", Uint8Array.from([0x67, 0x72, 0xfc, 0xdf, 0x65])],
    ["text/plain", text("text with a \u0000 in it")],
    ["text/plain", Uint8Array.from([0xff, 0xfe, 0x61, 0x00, 0x3b, 0x00, 0xfc, 0x00])],
    [null, Uint8Array.from([0xff, 0xfe, 0x61])],
    [null, Uint8Array.from([0x67, 0x72, 0xfc, 0x00, 0x65])],
    [null, Uint8Array.from([0x67, 0x72, 0xfc, 0x81, 0x65])],
    [null, text("\u0000\u0001\u0002".repeat(10))],
  ])("is %s by its bytes", (type, bytes) => {
    expect(sniff(bytes)).toBe(type);
  });
});

describe("a file that somebody attaches", () => {
  it("is stored under an id of ours, with a name that can be shown and the type of its bytes", async () => {
    const ada = await person();
    const row = await attach(ada, "C:\\Users\\ada\\\u202egnp.exe");
    expect(row).toMatchObject({ name: "gnp.exe", mediaType: "image/png", size: png.length });
    expect(await store().get(row.id)).toEqual(png);
    expect((await attach(ada, "../../\n")).name).toBe("file");
  });

  it.each([
    ["empty", new Uint8Array(), 400, "This file is empty."],
    ["too large", new Uint8Array(MAX_FILE_BYTES + 1).fill(65), 413, /too large: 10 MB is the limit/],
    ["of another type", Uint8Array.from([0x50, 0x4b, 3, 4, 0]), 415, /Unsupported file type/],
  ])("is refused when it is %s", async (_, bytes, status, why) => {
    const ada = await person();
    const attempt = attach(ada, "a.png", bytes);
    await expect(attempt).rejects.toMatchObject({ name: "AttachmentError", status });
    await expect(attempt).rejects.toThrow(why);
    expect(await shared.db.attachment.count({ where: { userId: ada } })).toBe(0);
  });

  it("is kept as UTF-8, whatever program saved the text", async () => {
    const ada = await person();
    const csv = "Größe;Preis €\r\n12;3,50\r\n";
    const utf16 = new Uint8Array(Buffer.from(`\ufeff${csv}`, "utf16le"));
    const utf16be = new Uint8Array(Buffer.from(utf16).swap16());
    const latin = Uint8Array.from(Buffer.from(csv.replace("€", "\u0080"), "latin1"));
    const log = text("a log\u0000 with \u001b[31mcolors\u001b[0m and a stray byte");
    for (const [bytes, expected] of [
      [utf16, csv],
      [utf16be, csv],
      [latin, csv],
      [text(`\ufeff${csv}`), csv],
      [log, new TextDecoder().decode(log)],
    ] as const) {
      const row = await attach(ada, "a.csv", bytes);
      expect(row.mediaType).toBe("text/plain");
      expect(new TextDecoder().decode((await store().get(row.id))!)).toBe(expected);
    }
  });

  it("becomes a JPEG when it is a HEIF picture that can be read, and says what to do when it cannot", async () => {
    const ada = await person();
    const avif = await sharp({ create: { width: 8, height: 4, channels: 3, background: "#0a0" } })
      .avif()
      .toBuffer();
    const row = await attach(ada, "IMG_1.HEIC", new Uint8Array(avif));
    expect(row).toMatchObject({ name: "IMG_1.jpg", mediaType: "image/jpeg" });
    const stored = (await store().get(row.id))!;
    expect(stored.length).toBe(row.size);
    expect(await sharp(stored).metadata()).toMatchObject({ format: "jpeg", width: 8, height: 4 });

    const heic = Uint8Array.from([0, 0, 0, 24, ...text("ftypheic"), 0, 0, 0, 0, ...text("mif1heic")]);
    const refused = attach(ada, "IMG_2.HEIC", heic);
    await expect(refused).rejects.toMatchObject({ status: 415 });
    await expect(refused).rejects.toThrow(/HEIC photo .* JPEG/);
  });

  it("is refused beyond the person's quota, also when several come at once", async () => {
    const ada = await person();
    await shared.db.attachment.create({
      data: {
        id: crypto.randomUUID(),
        userId: ada,
        name: "full",
        mediaType: "text/plain",
        size: OWNER_QUOTA_BYTES - png.length,
        createdAt: new Date(0),
      },
    });
    const results = await Promise.allSettled([attach(ada), attach(ada), attach(ada)]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(attach(ada)).rejects.toThrow(/more than 500 MB/);
    await expect(attach(await person())).resolves.toBeDefined();
  });

  it("leaves no row when its bytes could not be stored", async () => {
    const ada = await person();
    const broken = { ...store(), put: () => Promise.reject(new Error("The disk is full.")) };
    const attempt = createAttachment(shared.db, broken, { userId: ada, name: "a", bytes: png });
    await expect(attempt).rejects.toThrow("The disk is full.");
    expect(await shared.db.attachment.count({ where: { userId: ada } })).toBe(0);
  });
});

describe("who may see a file", () => {
  it("is who attached it, and the owner of a chat that has it, and nobody else", async () => {
    const [ada, bob, eve] = [await person(), await person(), await person()];
    const { id } = await attach(ada);
    const ids = async (who: string) => (await visibleAttachments(shared.db, who, [id])).map((row) => row.id);
    expect(await ids(ada)).toEqual([id]);
    expect(await ids(bob)).toEqual([]);

    const chat = await chatOf(ada);
    await claimAttachments(shared.db, { id: chat, userId: ada }, withFile(id));
    await shared.db.chat.update({ where: { id: chat }, data: { userId: bob } });
    expect(await ids(bob)).toEqual([id]);
    expect(await ids(eve)).toEqual([]);
  });

  it("is told by the chat also when the person who attached it is gone", async () => {
    const [guest, account] = [await person(), await person()];
    const { id } = await attach(guest);
    const chat = await chatOf(guest);
    await claimAttachments(shared.db, { id: chat, userId: guest }, withFile(id));
    await shared.db.chat.update({ where: { id: chat }, data: { userId: account } });
    await shared.db.user.delete({ where: { id: guest } });
    expect(await visibleAttachments(shared.db, account, [id])).toHaveLength(1);
  });
});

describe("a message with a file", () => {
  it("is kept with what the server knows of the file, not with what the browser says", async () => {
    const ada = await person();
    const { id } = await attach(ada);
    const chat = await chatOf(ada);
    const accepted = await claimAttachments(shared.db, { id: chat, userId: ada }, withFile(id));
    expect(accepted.parts).toEqual([
      {
        type: "file",
        url: attachmentUrl(id),
        mediaType: "image/png",
        filename: "notes.png",
        providerReference: { holdfast: id },
      },
    ]);
  });

  it("is refused when the file is somebody else's, as when there is none", async () => {
    const [ada, bob] = [await person(), await person()];
    const { id } = await attach(ada);
    const chat = { id: await chatOf(bob), userId: bob };
    for (const each of [id, crypto.randomUUID()]) {
      await expect(claimAttachments(shared.db, chat, withFile(each))).rejects.toThrow(
        '"lie.html" is no longer available. Attach it again and resend the message.',
      );
    }
    expect(await shared.db.chatAttachment.count({ where: { attachmentId: id } })).toBe(0);
  });
});

describe("the sweep", () => {
  const inTwoDays = () => new Date(Date.now() + 2 * 24 * 60 * 60 * 1000);
  const exists = async (id: string) => (await shared.db.attachment.count({ where: { id } })) === 1;
  const sweep = (now?: Date) => sweepAttachments(shared.db, store(), { limit: 1000, ...(now && { now }) });

  it("takes what was never sent after a day, bytes and all, and leaves what a chat has", async () => {
    const ada = await person();
    const [sent, unsent] = [await attach(ada), await attach(ada)];
    const chat = await chatOf(ada);
    await claimAttachments(shared.db, { id: chat, userId: ada }, withFile(sent.id));
    await sweep();
    expect(await exists(unsent.id)).toBe(true);
    await sweep(inTwoDays());
    expect([await exists(sent.id), await exists(unsent.id)]).toEqual([true, false]);
    expect(await store().get(unsent.id)).toBeNull();

    await shared.db.chat.delete({ where: { id: chat } });
    await sweep(inTwoDays());
    expect(await exists(sent.id)).toBe(false);
  });

  it("leaves what a copied message still names, and knows its chat from then on", async () => {
    const ada = await person();
    const { id } = await attach(ada);
    const copy = await chatOf(ada);
    const { parts } = withFile(id);
    await shared.db.message.create({
      data: {
        chatId: copy,
        id: "u1",
        messageId: "u1",
        role: "user",
        order: 0,
        message: { ...message("u1"), parts } as object,
      },
    });
    await sweep(inTwoDays());
    expect(await exists(id)).toBe(true);
    expect(await shared.db.chatAttachment.count({ where: { chatId: copy, attachmentId: id } })).toBe(1);
  });

  it("goes on when the store fails for one file, and takes that one the next time", async () => {
    const ada = await person();
    const [stuck, free] = [await attach(ada), await attach(ada)];
    const broken = {
      ...store(),
      delete: (id: string) =>
        id === stuck.id ? Promise.reject(new Error("The bucket is away.")) : store().delete(id),
    };
    await expect(sweepAttachments(shared.db, broken, { now: inTwoDays(), limit: 1000 })).rejects.toThrow(
      "The bucket is away.",
    );
    expect(await exists(free.id)).toBe(false);
    expect(await visibleAttachments(shared.db, ada, [stuck.id])).toEqual([]);
    // Nobody's by now, so there is no day to wait for.
    await sweep();
    expect(await exists(stuck.id)).toBe(false);
    expect(await store().get(stuck.id)).toBeNull();
  });
});

describe("deleting everything", () => {
  const isThere = async (id: string) =>
    (await shared.db.attachment.count({ where: { id } })) + ((await store().get(id)) ? 1 : 0);

  it("deletes every file of the person, sent or not, and none of another", async () => {
    const [ada, bob] = [await person(), await person()];
    const [sent, unsent, foreign] = [await attach(ada), await attach(ada), await attach(bob)];
    await claimAttachments(shared.db, { id: await chatOf(ada), userId: ada }, withFile(sent.id));
    const { attachmentIds } = await deleteEverything(shared.db, ada);
    expect(await visibleAttachments(shared.db, ada, [sent.id, unsent.id])).toEqual([]);
    expect(await shared.db.attachment.count({ where: { userId: ada } })).toBe(0);
    expect(await deleteAttachments(shared.db, store(), attachmentIds)).toBe(2);
    expect([await isThere(sent.id), await isThere(unsent.id), await isThere(foreign.id)]).toEqual([0, 0, 2]);
  });

  it("leaves a file to the chat of somebody else that shows it, and to nobody besides", async () => {
    const [ada, bob] = [await person(), await person()];
    const { id } = await attach(ada);
    const chat = await chatOf(ada);
    await claimAttachments(shared.db, { id: chat, userId: ada }, withFile(id));
    await shared.db.chat.update({ where: { id: chat }, data: { userId: bob } });
    const { attachmentIds } = await deleteEverything(shared.db, ada);
    expect(await deleteAttachments(shared.db, store(), attachmentIds)).toBe(0);
    expect(await visibleAttachments(shared.db, ada, [id])).toEqual([]);
    expect(await visibleAttachments(shared.db, bob, [id])).toHaveLength(1);
    // It went with that chat, whose owner is the last who could see it.
    await deleteAttachments(shared.db, store(), (await deleteEverything(shared.db, bob)).attachmentIds);
    expect(await isThere(id)).toBe(0);
  });

  it("stands when the store fails, and the sweep does the rest", async () => {
    const ada = await person();
    const { id } = await attach(ada);
    const broken = { ...store(), delete: () => Promise.reject(new Error("The bucket is away.")) };
    const { attachmentIds } = await deleteEverything(shared.db, ada);
    await expect(deleteAttachments(shared.db, broken, attachmentIds)).rejects.toThrow("The bucket is away.");
    expect(await visibleAttachments(shared.db, ada, [id])).toEqual([]);
    await sweepAttachments(shared.db, store());
    expect(await isThere(id)).toBe(0);
  });
});
