import { newChatId, readAnswer, type Line } from "@/e2e/support/page";
import { severalChats } from "./engine";
import { add, pause, random, until, verdict, within, PATIENCE_MS, type Fault } from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

/** PostgreSQL dies, stalls or is full; and what is sent a hundred times is stored once. */
export const databaseFaults: Array<Fault<Lab>> = [
  {
    name: "PostgreSQL killed under write load",
    trials: 4,
    async run(lab, seed) {
      const { between } = random(seed);
      const at = between(1, 200);
      const away = between(0, 2_500);
      return severalChats(
        lab,
        seed,
        async (seen) => {
          await until(() => seen() >= at, "the answers have begun");
          await lab.postgres.kill();
          await pause(away);
          await lab.postgres.start();
        },
        { chats: 4, to: 60, paceMs: 15 },
      );
    },
  },
  {
    name: "PostgreSQL killed three times in one answer",
    trials: 2,
    async run(lab, seed) {
      return severalChats(
        lab,
        seed,
        async (seen) => {
          for (let time = 1; time <= 3; time += 1) {
            const begun = seen();
            await until(() => seen() > begun + 10, "the answers go on");
            await lab.postgres.kill();
            await lab.postgres.start();
          }
        },
        { chats: 2, to: 80, paceMs: 40 },
      );
    },
  },
  {
    name: "database stalled for 12 s",
    trials: 2,
    async run(lab, seed) {
      const at = random(seed).between(1, 60);
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= at, "the answers have begun");
        const goOn = lab.postgres.stall();
        await pause(12_000);
        goOn();
      });
    },
  },
  {
    name: "disk full for the engine's appends",
    trials: 3,
    async run(lab, seed) {
      const { between, pick } = random(seed);
      const at = between(0, 60);
      const stream = pick(["/out", ""]);
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= at, "the answers have begun");
        await lab.arm("append-enospc", { stream });
        await pause(between(3_000, 9_000));
        await lab.disarm("append-enospc");
      });
    },
  },
  {
    name: "disk full for the whole database",
    trials: 3,
    async run(lab, seed) {
      const { between, pick } = random(seed);
      // In mid-answer, or when the last answers are on their way into the database.
      const at = pick([between(0, 100), 117, 123]);
      return severalChats(lab, seed, async (seen) => {
        await until(() => seen() >= at, "the answers have begun");
        await lab.fillDisk(true);
        await pause(between(3_000, 9_000));
        await lab.fillDisk(false);
      });
    },
  },
  {
    name: "100 concurrent replays of one part id",
    trials: 3,
    async run(lab, seed) {
      const result = verdict();
      const chatId = newChatId();
      const { between } = random(seed);
      const to = between(3, 30);
      const page = lab.open(chatId);
      add(result, await judgeAnswer(page.ask("count to 3"), 3));
      const question = `count to ${to}`;
      const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: question }] };
      const body = JSON.stringify({
        kind: "message",
        payload: { chatId, trigger: "submit-message", message },
      });
      const partId = crypto.randomUUID();
      const send = async () => {
        const answer = await fetch(`${lab.engine.url}/realtime/v1/sessions/${chatId}/in/append`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${lab.engine.secretKey}`,
            "content-type": "application/json",
            "x-part-id": partId,
          },
          body,
        });
        return (await answer.json()) as { ok: boolean; seq?: number };
      };
      const answers = await Promise.all(Array.from({ length: 100 }, send));
      // One more after the memory of the first hundred is gone.
      if (seed % 2 === 0) {
        await lab.engine.restart();
        answers.push(await send());
      }
      // The platform does not say the number again; an engine that does says the same one.
      const different = new Set(answers.flatMap(({ ok, seq }) => (ok ? (seq ?? []) : "a refusal")));
      if (different.size !== 1) {
        result.doubled += different.size - 1;
        result.notes.push(`one part id was answered with ${[...different].join(" and ")}`);
      }
      const wanted: Line[] = countedLines(["count to 3", 3], [question, to]);
      add(result, await lab.judgeSaved(chatId, wanted, PATIENCE_MS));
      const { stream } = await lab.reload(chatId);
      const replayed = stream && (await within(readAnswer(stream), PATIENCE_MS));
      if (replayed && replayed.starts > 0) {
        result.doubled += 1;
        result.notes.push(`a page on the saved chat is shown ${replayed.starts} more answers`);
      }
      await lab.retire(chatId);
      return result;
    },
  },
];
