/** The scheduled digest as it is: the task in a worker, started by the engine's schedule, mailing over HTTP. */
import pg from "pg";
import { afterEach, expect, it, vi } from "vitest";
import { createChat } from "@/lib/chat/tree/queries";
import { type EnginePlace, startEnginePlace } from "../../support/engine-place";
import { Mailbox } from "../../support/mailbox";

const soon = { timeout: 60_000, interval: 100 };
const mailbox = new Mailbox();
let place: EnginePlace | undefined;

afterEach(async () => {
  await place?.close();
  mailbox.close();
});

it.each(["embedded", "platform"])(
  "mails what waits once, on an engine in %s mode",
  { timeout: 180_000 },
  async (mode) => {
    mailbox.mails.length = 0;
    place = await startEnginePlace({
      env: {
        ENGINE_MODE: mode,
        DIGEST_CRON: "0 7 * * *",
        RESEND_API_KEY: "re_key",
        RESEND_BASE_URL: await mailbox.open(),
        MAIL_FROM: "Holdfast <chat@example.com>",
        BETTER_AUTH_URL: "https://chat.example.com",
      },
    });
    const { db, databaseUrl, engine } = place;
    const chatId = crypto.randomUUID();
    await createChat(db, { id: chatId, userId: "owner" });
    await db.user.update({ where: { id: "owner" }, data: { emailVerified: true } });
    const row = { chatId, messageId: "a1", tool: "refund", kind: "approval", input: {} };
    await db.humanRequest.create({ data: { ...row, toolCallId: "c1", title: "Refund 20 EUR" } });

    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    /** Days pass: the engine finds that a tick was missed. */
    async function tick(days: number) {
      await vi.waitFor(async () => {
        const { rowCount } = await client.query(
          "update engine.schedules set last_tick = now() - make_interval(days => $1) where task = 'digest'",
          [days],
        );
        expect(rowCount).toBe(1);
      }, soon);
      // As if the newest tick were another one than the last time.
      await client.query(
        "update engine.runs set idempotency_key = idempotency_key || $1 where task = 'digest'",
        [` ${days}`],
      );
      await engine.restart();
    }
    const ended = async (count: number) =>
      vi.waitFor(async () => {
        const { rows } = await client.query(
          "select status, output from engine.runs where task = 'digest' order by created_at",
        );
        expect(rows.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => "COMPLETED"));
        return rows.map(({ output }) => (JSON.parse(output as string) as { json: unknown }).json);
      }, soon);

    await tick(2);
    expect(await ended(1)).toEqual([{ sent: 1 }]);
    const [mail] = mailbox.to("owner@example.com");
    expect(mail).toMatchObject({ subject: "1 decision in Holdfast is waiting for you" });
    expect(mail!.text).toContain(`- Refund 20 EUR\n  https://chat.example.com/chat/${chatId}`);
    expect(mail!.text).toContain("https://chat.example.com/inbox");

    await tick(3);
    expect(await ended(2)).toEqual([{ sent: 1 }, { sent: 0 }]);
    expect(mailbox.mails).toHaveLength(1);
    await client.end();
  },
);
