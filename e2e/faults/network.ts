import { newChatId } from "@/e2e/support/page";
import { tcpProxy, type Direction, type WireFault } from "@/e2e/support/tcp-proxy";
import { add, pause, random, verdict, type Fault } from "./fault";
import { countedLines, judgeAnswer, type Lab } from "./lab";

/** When, in the life of a turn, the wire goes bad. */
const PHASES = {
  "while the message is sent": (direction, text) => direction === "up" && text.includes("/in/append"),
  "before the answer to the message": (direction, text) =>
    direction === "down" && text.includes('"ok":true') && text.includes('"seq"'),
  "before the first byte of the stream": (direction, text) =>
    direction === "down" && text.includes("text/event-stream"),
  "in mid-stream": (direction, text) => direction === "down" && /"delta\\*":\\*" 17/.test(text),
  "at the end of the turn": (direction, text) => direction === "down" && text.includes("turn-complete"),
} satisfies Record<string, (direction: Direction, text: string) => boolean>;

const MODES: WireFault[] = ["reset", "blackhole", "delay", "throttle"];

/** The wire between the page and the engine. */
export const networkFaults: Array<Fault<Lab>> = MODES.map((mode) => ({
  name: `network ${mode}, at every phase`,
  trials: 5,
  parallel: 5,
  async run(lab, seed) {
    const phases = Object.entries(PHASES);
    const [phase, isNow] = phases[seed % phases.length]!;
    const badFor = random(seed).between(300, 3_000);
    const result = verdict();
    const chatId = newChatId();
    let heal: () => void = () => {};
    const healed = new Promise<void>((resolve) => (heal = resolve));
    let armed = false;
    const wire = await tcpProxy(Number(new URL(lab.engine.url).port), (direction, bytes) => {
      if (!armed || !isNow(direction, bytes.toString("latin1"))) return;
      armed = false;
      wire.degrade(mode);
      void pause(badFor).then(() => {
        wire.heal();
        heal();
      });
    });
    try {
      const page = lab.open(chatId, { baseURL: `http://127.0.0.1:${wire.port}` });
      add(result, await judgeAnswer(page.ask("count to 3"), 3, { where: `${phase}, the turn before` }));
      armed = true;
      const question = "count to 40 at 20 ms";
      add(result, await judgeAnswer(page.ask(question), 40, { healed, where: `${mode} ${phase}` }));
      if (armed) throw new Error(`The wire never went bad ${phase}`);
      add(result, await lab.judgeSaved(chatId, countedLines(["count to 3", 3], [question, 40])));
      await lab.retire(chatId);
    } finally {
      await wire.close();
    }
    return result;
  },
}));
