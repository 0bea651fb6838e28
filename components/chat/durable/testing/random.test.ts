import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Phase } from "../phase";
import { textOf } from "./fake-server";
import { LONG, setUpWorld } from "./set-up";
import type { AppendFault, Page } from "./world";

const CASES = Number(process.env.DURABLE_CHAT_CASES ?? 2_000);

const set = setUpWorld();

type Step =
  | { do: "enter"; page: number; isSteering: boolean }
  | { do: "stop" | "retry" | "regenerate" | "decide" | "take over" | "break stream"; page: number }
  | { do: "line" | "sight"; page: number; isOn: boolean }
  | { do: "reload"; page: number; how: "politely" | "suddenly" }
  | { do: "fault"; page: number; fault: AppendFault }
  | { do: "open"; where: "tab" | "device" }
  | { do: "plan"; words: number; ending: "well" | "failing" | "asking" }
  | { do: "crash" | "revive" | "decide elsewhere" }
  | { do: "app"; isUp: boolean }
  | { do: "wait"; ms: number };

const page = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("enter" as const), page, isSteering: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.oneof(fc.nat(40), fc.nat(400), fc.nat(5_000), fc.constant(15_000)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("stop", "stop", "retry", "regenerate", "decide", "take over", "break stream"),
      page,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("line", "line", "sight"), page, isOn: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("reload" as const),
      page,
      how: fc.constantFrom("politely", "suddenly"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      page,
      fault: fc.constantFrom("lost request", "lost answer", "late", "refused", "silent"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("open" as const), where: fc.constantFrom("tab", "device") }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("plan" as const),
      words: fc.integer({ min: 1, max: 12 }),
      ending: fc.constantFrom("well", "well", "failing", "asking"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("crash", "revive", "decide elsewhere") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("app" as const), isUp: fc.boolean() }) },
) as fc.Arbitrary<Step>;

const scenario = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 24 }),
  pace: fc.constantFrom(1, 20, 150),
  saveDelay: fc.constantFrom(0, 50, 700),
  isNew: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

let entered = 0;
async function take(step: Step): Promise<void> {
  const { server } = set.world;
  const at = "page" in step ? set.world.pages[step.page % set.world.pages.length] : undefined;
  const ignore = (doing: Promise<unknown>) => void doing.catch(() => {});
  switch (step.do) {
    case "enter":
      at?.enter(`text ${entered++}`, step.isSteering);
      break;
    case "stop":
      if (at?.view.isAnswering && at.view.remoteWriter === undefined) at.stop();
      break;
    case "retry":
      if (at?.view.turn === "failed" || at?.view.turn === "stopped") ignore(at.chat.retry());
      break;
    case "regenerate": {
      const last = at?.view.messages.at(-1);
      if (at && last?.role === "assistant" && !at.view.remoteWriter)
        ignore(at.chat.branches.regenerate(last.id));
      break;
    }
    case "decide":
      if (at && server.undecided !== undefined) ignore(at.decide());
      break;
    case "decide elsewhere":
      server.decide();
      break;
    case "take over":
      at?.chat.takeOver();
      break;
    case "break stream":
      at?.breakStream();
      break;
    case "line":
      at?.setLine(step.isOn);
      break;
    case "sight":
      at?.setVisible(step.isOn);
      break;
    case "reload":
      at?.reload(step.how);
      break;
    case "fault":
      at?.faults.push(step.fault);
      break;
    case "open":
      if (set.world.pages.length < 3 && set.world.hasSession) set.world.openPage(step.where);
      break;
    case "plan":
      server.plans.push({ words: step.words, ending: step.ending });
      break;
    case "crash":
      server.crash();
      break;
    case "revive":
      server.revive();
      break;
    case "app":
      set.world.isAppDown = !step.isUp;
      break;
    case "wait":
      await set.clock.advance(step.ms);
  }
  await set.clock.advance(0);
}

/** Everything works again, and time passes. */
async function heal(): Promise<void> {
  set.world.isAppDown = false;
  for (const page of set.world.pages) {
    page.faults = [];
    page.setLine(true);
    page.setVisible(true);
  }
  set.world.server.revive();
  await set.clock.advance(LONG);
}

/** What must be true once everything works again. */
function check(fresh: Page): void {
  const { server, said, pages } = set.world;
  expect(server.isIdle).toBe(true);
  const answered = [...server.questions.map(textOf), ...server.injectedTexts];
  const queued = new Set(pages.flatMap(({ view }) => view.queue.queued.map(({ text }) => text)));
  for (const [text, { how }] of said) {
    const times = answered.filter((other) => other === text).length;
    expect(times, `"${text}" (${how}) was answered`).toBeLessThan(2);
    const isKept = times === 1 || queued.has(text);
    if (how === "sent" || how === "steered" || how === "queued")
      expect(isKept, `"${text}" (${how}) was lost`).toBe(true);
    if (times === 1) expect(queued.has(text), `"${text}" was answered, and is queued`).toBe(false);
  }
  for (const { chat } of pages) {
    expect(["idle", "failed"]).toContain(chat.phase);
    expect(chat.isAnswering).toBe(false);
  }
  for (const { view } of pages) expect(view.remoteWriter).toBeUndefined();
  for (const page of pages) {
    expect(page.shown()).toEqual(fresh.shown());
    expect(page.view.partialId).toEqual(fresh.view.partialId);
    expect(page.view.unansweredId).toEqual(fresh.view.unansweredId);
    // A reload forgets that an answer was stopped or recovered, and nothing else.
    expect([fresh.view.turn, "stopped", "recovered"]).toContain(page.view.turn);
  }
}

async function run({ steps, pace, saveDelay, isNew }: Scenario): Promise<void> {
  entered = 0;
  set.world.hasSession = !isNew;
  Object.assign(set.world.server, { pace, saveDelay });
  set.world.openPage("tab");
  for (const next of steps) await take(next);
  await heal();
  const fresh = set.world.openPage("device");
  await set.clock.advance(LONG);
  check(fresh);
}

describe("a chat, whatever happens to it", () => {
  it(
    "loses nothing, sends nothing twice, comes to rest, and shows what a reload shows",
    { timeout: 300_000 },
    async () => {
      await fc.assert(fc.asyncProperty(scenario, run).beforeEach(set.begin).afterEach(set.end), {
        numRuns: CASES,
        ...(process.env.DURABLE_CHAT_SEED && { seed: Number(process.env.DURABLE_CHAT_SEED) }),
      });
    },
  );
});

it("shows a message once that was sent together with a retry", async () => {
  await run({
    steps: [
      { do: "enter", page: 0, isSteering: false },
      { do: "stop", page: 0 },
      { do: "retry", page: 0 },
      { do: "enter", page: 0, isSteering: false },
    ],
    pace: 20,
    saveDelay: 0,
    isNew: true,
  });
});

it("ends at rest when a stop meets a message whose receipt was lost", async () => {
  await run({
    steps: [
      { do: "fault", page: 0, fault: "lost answer" },
      { do: "enter", page: 0, isSteering: false },
      { do: "wait", ms: 15 },
      { do: "stop", page: 0 },
    ],
    pace: 1,
    saveDelay: 0,
    isNew: false,
  });
});

it("shows what a reload shows when the stream breaks off below a steered answer", async () => {
  await run({
    steps: [
      { do: "enter", page: 0, isSteering: false },
      { do: "wait", ms: 32 },
      { do: "enter", page: 0, isSteering: true },
      { do: "wait", ms: 19 },
      { do: "break stream", page: 0 },
    ],
    pace: 20,
    saveDelay: 0,
    isNew: false,
  });
});

it("keeps a steered message when the worker dies below it", async () => {
  await run({
    steps: [
      { do: "wait", ms: 15_000 },
      { do: "enter", page: 0, isSteering: false },
      { do: "enter", page: 0, isSteering: true },
      { do: "wait", ms: 455 },
      { do: "crash" },
      { do: "wait", ms: 0 },
    ],
    pace: 150,
    saveDelay: 0,
    isNew: false,
  });
});

const PHASES: Phase[] = ["idle", "connecting", "delivering", "following", "settling", "stopping", "failed"];
const ACTS: Record<string, (page: Page) => void> = {
  "a stop": (at) => at.stop(),
  "twenty seconds offline": (at) => {
    at.setLine(false);
    setTimeout(() => at.setLine(true), 20_000);
  },
  "a line that goes dead for three minutes": (at) => {
    at.setLine(false);
    setTimeout(() => at.setLine(true), 180_000);
  },
  "an app that is away for three minutes": () => {
    set.world.isAppDown = true;
    setTimeout(() => (set.world.isAppDown = false), 180_000);
  },
  "a stream that breaks off": (at) => at.breakStream(),
  "a reload": (at) => at.reload("politely"),
  "a crash of the browser": (at) => at.reload("suddenly"),
  "a crash of the worker": () => set.world.server.crash(),
};

/** Passes every phase: an answer that another device stops, one that is stopped here, and one that fails. */
async function passAllPhases(at: Page, device: Page): Promise<void> {
  await set.clock.advance(200);
  at.enter("one", false);
  await set.clock.advance(400);
  device.stop();
  await set.clock.advance(5_000);
  at.enter("two", false);
  await set.clock.advance(150);
  at.stop();
  await set.clock.advance(5_000);
  set.world.server.plans.push({ words: 2, ending: "failing" });
  at.enter("three", false);
  await set.clock.advance(200_000);
}

describe.each(PHASES)("in the phase %s", (phase) => {
  it.each(Object.keys(ACTS))("a chat survives %s", async (name) => {
    Object.assign(set.world.server, { pace: 40, saveDelay: 300 });
    set.world.server.plans.push({ words: 20, ending: "well" }, { words: 20, ending: "well" });
    const at = set.world.openPage("tab");
    const device = set.world.openPage("device");
    let hasActed = false;
    const act = () => {
      if (hasActed || at.chat.phase !== phase) return;
      hasActed = true;
      ACTS[name]!(at);
    };
    at.chat.subscribe(act);
    if (phase === "connecting") act();
    await passAllPhases(at, device);
    if (phase === "idle") act();
    expect(hasActed).toBe(true);
    await heal();
    const fresh = set.world.openPage("device");
    await set.clock.advance(LONG);
    check(fresh);
  });
});
