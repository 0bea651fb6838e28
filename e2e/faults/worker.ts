import { counted, newChatId, readAnswer, savedTranscript, lines, type Line } from "@/e2e/support/page";
import { add, judgeLines, judgeText, random, verdict, within, PATIENCE_MS, type Fault } from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

const QUESTION = "What is the weather in Oslo?";

/** The worker dies, in every way that a worker can. */
export const workerFaults: Array<Fault<Lab>> = [
  {
    name: "worker killed at every 5th chunk",
    trials: 8,
    parallel: 2,
    async run(lab, seed) {
      const at = 5 * (1 + (seed % 8));
      const isFirstTurn = random(seed).pick([true, false]);
      const chatId = newChatId();
      const page = lab.open(chatId);
      const result = verdict();
      if (!isFirstTurn) add(result, await judgeAnswer(page.ask("count to 3"), 3));
      let worker: number | undefined;
      let deltas = 0;
      let killed = false;
      const answered = await judgeAnswer(page.ask("count to 40 at 25 ms"), 40, {
        async onChunk(_seen, chunk) {
          worker ??= await lab.engine.workerOf(chatId);
          if (chunk.type !== "text-delta" || killed || ++deltas < at) return;
          killed = true;
          if (worker !== undefined) process.kill(worker, "SIGKILL");
        },
      });
      add(result, answered);
      const turns: Array<[string, number]> = [["count to 40 at 25 ms", 40]];
      if (!isFirstTurn) turns.unshift(["count to 3", 3]);
      add(result, await lab.judgeSaved(chatId, countedLines(...turns)));
      await lab.retire(chatId);
      return result;
    },
  },
  toolFault("worker killed during a tool", "tool-hangs", async (lab, chatId) => {
    await lab.killWorker(chatId);
  }),
  toolFault("process.exit() in a tool", "tool-exits"),
  toolFault("out of memory in a tool", "tool-runs-out-of-memory"),
  {
    name: "process.exit() in a tool, every time",
    trials: 2,
    async run(lab) {
      const result = verdict();
      const chatId = newChatId();
      const page = lab.open(chatId);
      await lab.arm("tool-exits", { times: 1_000 });
      // Several workers have to die of it before it is given up, and each death has to be noticed.
      const failed = await within(page.ask(QUESTION).then(readAnswer), 3 * PATIENCE_MS);
      await lab.disarm("tool-exits");
      if (!failed) return { ...result, stuck: 1, notes: ["the poisoned turn never ended"] };
      // Shown as failed: to who waits for it, and to who comes later.
      if (failed.errors.length !== 1) {
        result.lost += 1;
        result.notes.push(`the poisoned turn ended with ${failed.errors.length} errors`);
      }
      const later = await lab.reload(chatId);
      const seen = later.stream && (await within(readAnswer(later.stream), PATIENCE_MS));
      const isShown = later.transcript.status === "failed" || seen?.errors.length === 1;
      if (!isShown) {
        result.lost += 1;
        result.notes.push("after a reload the poisoned turn is not shown as failed");
      }
      add(result, await judgeAnswer(later.ask("count to 5"), 5));
      const saved = lines(await savedTranscript(lab.db, chatId));
      // Of the answer that failed its beginning may be kept.
      const whole = saved.filter(([role, text]) => role === "user" || text === counted(5));
      const wanted: Line[] = [["user", QUESTION], ...countedLines(["count to 5", 5])];
      add(result, judgeLines(whole, wanted, `${chatId} in the database`));
      await lab.retire(chatId);
      return result;
    },
  },
  {
    name: "a question cannot be saved, and the worker is killed",
    trials: 4,
    async run(lab, seed) {
      const result = verdict();
      const chatId = newChatId();
      const page = lab.open(chatId);
      add(result, await judgeAnswer(page.ask("count to 3"), 3, { where: "first turn" }));
      add(result, await lab.judgeSaved(chatId, countedLines(["count to 3", 3])));
      // The question's save, and the one that notes that its turn has failed.
      await lab.arm("save-fails", { times: 2 });
      const refused = await within(page.ask("count to 9").then(readAnswer), PATIENCE_MS);
      if (!refused) result.stuck += 1;
      else if (refused.errors.length !== 1 || refused.text !== "") {
        result.lost += 1;
        result.notes.push(
          `a question that is not saved got ${refused.errors.length} errors: ${refused.text}`,
        );
      }
      for (let tries = 0; lab.isArmed("save-fails") && tries < 200; tries++) await soon();
      if (seed % 2 === 0) await lab.killWorker(chatId);
      await lab.disarm("save-fails");
      const later = await lab.reload(chatId);
      if (later.stream) await within(readAnswer(later.stream), PATIENCE_MS);
      add(result, await judgeAnswer(later.ask("count to 4"), 4, { where: "third turn" }));
      // Who takes over answers it, once; a worker that lives waits for somebody to say "try again".
      const saved = lines(await savedTranscript(lab.db, chatId));
      const isAnswered = saved.some(([role, text]) => role === "assistant" && text === counted(9));
      const wanted = [
        ...countedLines(["count to 3", 3], ["count to 9", 9]),
        ...countedLines(["count to 4", 4]),
      ];
      if (!isAnswered) wanted.splice(3, 1);
      add(result, await lab.judgeSaved(chatId, wanted));
      await lab.retire(chatId);
      return result;
    },
  },
  {
    name: "an answer cannot be saved, and the worker is killed",
    trials: 4,
    async run(lab, seed) {
      const to = random(seed).between(5, 20);
      const question = `count to ${to} at 10 ms`;
      const result = verdict();
      const chatId = newChatId();
      const page = lab.open(chatId);
      add(result, await judgeAnswer(page.ask("count to 3"), 3, { where: "first turn" }));
      add(result, await lab.judgeSaved(chatId, countedLines(["count to 3", 3])));
      let isArmed = false;
      const onChunk = async (_seen: unknown, { type }: { type: string }) => {
        if (isArmed || type !== "text-delta") return;
        isArmed = true;
        await lab.arm("save-fails");
      };
      add(result, await judgeAnswer(page.ask(question), to, { where: "second turn", onChunk }));
      // The worker dies after it has tried, or before: either must do.
      if (seed % 2 === 0) for (let tries = 0; lab.isArmed("save-fails") && tries < 200; tries++) await soon();
      await lab.killWorker(chatId);
      await lab.disarm("save-fails");
      // Who looks now reads what is saved and replays the rest.
      const now = await lab.reload(chatId);
      const replayed = now.stream && (await within(readAnswer(now.stream), PATIENCE_MS));
      const shown = lines(now.transcript);
      for (const { text } of replayed?.finished ?? []) shown.push(["assistant", text.trim()]);
      const wantedNow = countedLines(["count to 3", 3], [question, to]);
      add(result, judgeLines(shown, wantedNow, `${chatId} after a reload`));
      add(result, await judgeAnswer(now.ask("count to 4"), 4, { where: "third turn" }));
      const wanted = countedLines(["count to 3", 3], [question, to], ["count to 4", 4]);
      add(result, await lab.judgeSaved(chatId, wanted));
      await lab.retire(chatId);
      return result;
    },
  },
];

function toolFault(
  name: string,
  fault: Parameters<Lab["arm"]>[0],
  strike: (lab: Lab, chatId: string) => Promise<void> = async () => {},
): Fault<Lab> {
  return {
    name,
    trials: 2,
    async run(lab) {
      const result = verdict();
      const wanted = await reference(lab);
      const chatId = newChatId();
      await lab.arm(fault);
      let struck = false;
      const reading = lab.open(chatId).ask(QUESTION);
      const answer = await within(
        reading.then((stream) =>
          readAnswer(stream, async (_seen, chunk) => {
            if (chunk.type !== "tool-input-available" || struck) return;
            struck = true;
            while (lab.isArmed(fault)) await soon();
            await strike(lab, chatId);
          }),
        ),
        2 * PATIENCE_MS,
      );
      if (lab.isArmed(fault)) throw new Error("The fault did not strike");
      if (!answer) return { ...result, stuck: 1, notes: ["the turn never ended"] };
      add(result, judgeText(answer.text, wanted, "the stream"));
      if (answer.errors.length > 0) {
        add(result, { ...verdict(), lost: 1, notes: [`ended in an error: ${answer.errors.join(", ")}`] });
      }
      const saved: Line[] = [
        ["user", QUESTION],
        ["assistant", wanted],
      ];
      add(result, await lab.judgeSaved(chatId, saved));
      await lab.retire(chatId);
      return result;
    },
  };
}

/** What the demo model says when nothing breaks. */
async function reference(lab: Lab): Promise<string> {
  const chatId = newChatId();
  const { text } = await readAnswer(await lab.open(chatId).ask(QUESTION));
  await savedTranscript(lab.db, chatId);
  await lab.retire(chatId);
  return text.trim();
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
