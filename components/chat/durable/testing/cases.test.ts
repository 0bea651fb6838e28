import { describe, expect, it } from "vitest";
import { KnownError } from "../../shared/known-error";
import { setUpWorld } from "./set-up";
import type { Page } from "./world";

const set = setUpWorld();
const texts = (page: Page) => page.shown().map(({ text }) => text);

/** A page of an empty chat, at rest. */
async function opened(): Promise<Page> {
  const page = set.world.openPage("tab");
  await set.clock.advance(100);
  expect(page.chat.phase).toBe("idle");
  return page;
}

/** A chat with a first answer. */
async function begun(): Promise<Page> {
  const page = set.world.openPage("tab");
  page.enter("one", false);
  await set.clock.advance(2_000);
  expect(texts(page)).toEqual(["one", "0.0 0.1 0.2"]);
  return page;
}

describe("an answer that is followed", () => {
  it("is replaced by the one that another worker begins, and never shown as over in between", async () => {
    const { clock, world } = set;
    const page = await opened();
    const phases = new Set<string>();
    world.server.plans.push({ words: 9, ending: "well" }, { words: 5, ending: "well" });
    page.enter("one", false);
    await clock.advance(150);
    expect(texts(page)[1]).toMatch(/^0\.0 /);
    world.server.crash();
    await clock.advance(200);
    world.server.revive();
    page.chat.subscribe(() => phases.add(page.chat.phase));
    await clock.advance(1_100);
    expect(texts(page)[1]).toBe("0.0 0.1 0.2 0.3 0.4");
    expect(page.shown()).toHaveLength(2);
    expect([...phases]).toEqual(["following", "idle"]);
  });

  it("goes on with what was steered too late, without a pause", async () => {
    const { clock, world } = set;
    const page = await opened();
    world.server.plans.push({ words: 1, ending: "well" }, { words: 30, ending: "well" });
    page.enter("one", false);
    await clock.advance(80);
    expect(page.view.isAnswering).toBe(true);
    page.enter("two", true);
    await clock.advance(12);
    expect(page.view.steering).toHaveLength(1);
    await clock.advance(450);
    expect(page.chat.phase).toBe("following");
    expect(texts(page).slice(0, 3)).toEqual(["one", "0.0", "two"]);
    expect(texts(page)[3]).toMatch(/^1\.0 /);
  });

  it("is another device's, when that one asked first; the own question stands behind it", async () => {
    const { clock, world } = set;
    const page = world.openPage("tab");
    const device = world.openPage("device");
    await clock.advance(100);
    world.server.plans.push({ words: 20, ending: "well" });
    device.enter("theirs", false);
    page.faults.push("late");
    await clock.advance(6);
    page.faults = [];
    page.enter("ours", false);
    await clock.advance(300);
    expect(texts(page)[0]).toBe("theirs");
    expect(texts(page).at(-1)).toBe("ours");
    expect(page.view.isAnswering).toBe(true);
    await clock.advance(5_000);
    expect(texts(page).filter((text) => !/^\d/.test(text))).toEqual(["theirs", "ours"]);
    expect(page.shown()).toEqual(device.shown());
  });

  it("that a reload interrupts goes on from the cursor", async () => {
    const { clock, world } = set;
    const page = world.openPage("tab");
    world.server.plans.push({ words: 20, ending: "well" });
    page.enter("one", false);
    await clock.advance(200);
    page.reload("suddenly");
    await clock.advance(60);
    expect(page.view.isAnswering).toBe(true);
    expect(texts(page)[1]).toMatch(/^0\.0 0\.1 /);
    await clock.advance(2_000);
    expect(texts(page)[1]).toMatch(/^0\.0 .* 0\.19$/);
  });

  it("that nobody writes any more is looked after within fifteen seconds", async () => {
    const { clock, world } = set;
    const page = world.openPage("tab");
    page.enter("one", false);
    await clock.advance(80);
    world.server.crash();
    await clock.advance(9_000);
    expect(page.view.isAnswering).toBe(true);
    await clock.advance(6_000);
    expect(texts(page)[1]).toBe("0.0 0.1 0.2");
    expect(page.view.isAnswering).toBe(false);
  });
});

describe("a message", () => {
  it("that is refused comes back, and nothing of it stays", async () => {
    const page = await begun();
    page.faults.push("refused");
    const sent = page.chat.send("two");
    const refused = expect(sent).rejects.toThrow();
    await set.clock.advance(100);
    await refused;
    expect(page.chat.phase).toBe("idle");
    expect(texts(page)).toEqual(["one", "0.0 0.1 0.2"]);
    // Sent again by hand it is the same message, in case that it did arrive.
    await Promise.all([page.chat.send("two"), set.clock.advance(1_000)]);
    expect(texts(page).slice(2)).toEqual(["two", "1.0 1.1 1.2"]);
  });

  it("after a failed answer leaves nothing of the failure once it is answered", async () => {
    const { clock, world } = set;
    const page = await begun();
    world.server.plans.push({ words: 2, ending: "failing" });
    page.enter("two", false);
    await clock.advance(2_000);
    expect([page.chat.phase, page.view.turn]).toEqual(["failed", "failed"]);
    page.enter("three", false);
    await clock.advance(2_000);
    expect([page.chat.phase, page.view.turn, page.view.error]).toEqual(["idle", "idle", undefined]);
  });

  it("whose reply was lost is not taken back when its retry is refused", async () => {
    const page = await begun();
    page.faults.push("lost answer", "refused");
    page.enter("two", false);
    await set.clock.advance(5_000);
    expect(texts(page).slice(2)).toEqual(["two", "1.0 1.1 1.2"]);
    expect(page.view.turn).toBe("idle");
  });

  it("whose sending was given up says no longer that it reconnects", async () => {
    const { clock } = set;
    const page = await begun();
    page.setLine(false);
    page.enter("two", false);
    await clock.advance(500);
    page.setLine(true);
    page.faults.push("silent");
    page.stop();
    await clock.advance(30_000);
    expect(page.view.turn).not.toBe("reconnecting");
  });

  it("that is stopped on its way and does not arrive waits for its reader", async () => {
    const page = await begun();
    page.setLine(false);
    page.enter("two", false);
    await set.clock.advance(500);
    page.stop();
    await set.clock.advance(60_000);
    expect(page.view.queue.queued).toMatchObject([{ text: "two", isHeld: true }]);
    expect(texts(page)).toEqual(["one", "0.0 0.1 0.2"]);
  });

  it("that is queued behind a stopped answer waits for its reader, also after a reload", async () => {
    const { clock, world } = set;
    const page = await begun();
    world.server.plans.push({ words: 30, ending: "well" });
    page.enter("two", false);
    await clock.advance(200);
    page.enter("three", false);
    page.stop();
    await clock.advance(2_000);
    page.reload("politely");
    await clock.advance(60_000);
    expect(page.view.queue.queued).toMatchObject([{ text: "three" }]);
    expect(world.server.questions).toHaveLength(2);
    await Promise.all([page.chat.sendQueuedNow(page.view.queue.queued[0]!.id), clock.advance(2_000)]);
    expect(page.view.queue.queued).toEqual([]);
    expect(texts(page).at(-2)).toBe("three");
  });

  it("that is sent while the page still connects waits for the session that the chat has", async () => {
    const { clock, world } = set;
    await begun();
    const page = world.openPage("device");
    const shown = new Set<number>();
    page.chat.subscribe(() => shown.add(page.shown().length));
    page.enter("two", false);
    await clock.advance(2_000);
    expect(world.starts).toBe(0);
    expect(texts(page)).toEqual(["one", "0.0 0.1 0.2", "two", "1.0 1.1 1.2"]);
    expect([...shown]).toEqual([2, 3, 4]);
  });

  it("is followed by the stop that was pressed after it, however late it arrives", async () => {
    const { clock, world } = set;
    const page = await begun();
    world.server.plans.push({ words: 50, ending: "well" });
    page.faults.push("late");
    page.enter("two", false);
    await clock.advance(100);
    page.stop();
    await clock.advance(0);
    expect(page.view.isAnswering).toBe(false);
    await clock.advance(8_000);
    expect(world.server.transcript().messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(page.view.turn).toBe("stopped");
    expect(page.view.unansweredId).toBe(page.shown()[2]!.id);
  });

  it("that is queued is kept in this browser until the engine has it, and sent by one tab", async () => {
    const { clock, world } = set;
    const page = await begun();
    const second = world.openPage("tab");
    await clock.advance(100);
    world.server.plans.push({ words: 20, ending: "well" });
    page.enter("two", false);
    await clock.advance(100);
    page.enter("three", false);
    page.reload("suddenly");
    await clock.advance(100);
    expect(second.view.queue.queued).toMatchObject([{ text: "three" }]);
    await clock.advance(5_000);
    expect(texts(page).filter((text) => !/^\d/.test(text))).toEqual(["one", "two", "three"]);
    expect([page.view.queue.queued, second.view.queue.queued]).toEqual([[], []]);
  });
});

describe("moving to another branch", () => {
  it("shows what the server returns, here and in the other tabs", async () => {
    const { clock, world } = set;
    const page = await begun();
    const second = world.openPage("tab");
    await clock.advance(100);
    world.onMove = () => world.server.undo();
    const moved = page.chat.moveBranch({ type: "undo", headId: page.shown()[1]!.id });
    await Promise.all([moved, clock.advance(10)]);
    expect(page.shown()).toEqual([]);
    await clock.advance(100);
    expect(second.shown()).toEqual([]);
    expect(page.chat.phase).toBe("idle");
  });

  it("is refused in the server's words while an answer is being written", async () => {
    const { clock, world } = set;
    const page = world.openPage("tab");
    world.onMove = () => {
      throw new Error("The server was asked.");
    };
    page.enter("one", false);
    await clock.advance(100);
    const refused = expect(page.chat.moveBranch({ type: "switch", nodeId: "x" })).rejects.toThrow(
      new KnownError("An answer is being written here. Wait until it's finished, or stop it first."),
    );
    await clock.advance(1_000);
    await refused;
    expect(texts(page)).toEqual(["one", "0.0 0.1 0.2"]);
  });

  it("waits for the saving of the answer whose last word was just read", async () => {
    const { clock, world } = set;
    world.server.saveDelay = 600;
    const page = await opened();
    page.enter("one", false);
    await clock.advance(300);
    expect(page.chat.phase).toBe("idle");
    expect(world.server.transcript().status).toBe("running");
    world.onMove = () => {
      if (world.server.transcript().status === "running") throw new Error("An answer is being written.");
      return world.server.undo();
    };
    const moved = page.chat.moveBranch({ type: "undo", headId: "x" });
    await Promise.all([moved, clock.advance(3_000)]);
    expect(page.shown()).toEqual([]);
  });

  it("shows what is saved when the server refuses, and says why", async () => {
    const { clock, world } = set;
    const page = await begun();
    world.onMove = () => {
      throw new KnownError("This message is not part of this chat any more.");
    };
    const undone = expect(page.chat.branches.undo()).rejects.toThrow("not part of this chat");
    expect(page.shown()).toEqual([]);
    await clock.advance(100);
    await undone;
    expect(texts(page)).toEqual(["one", "0.0 0.1 0.2"]);
  });

  it("comes before what is sent after it", async () => {
    const { clock, world } = set;
    const page = await begun();
    const order: string[] = [];
    world.onMove = () => {
      order.push(`moved with ${world.server.questions.length}`);
      return world.server.undo();
    };
    const moved = page.chat.branches.undo();
    const sent = page.chat.send("two");
    await Promise.all([moved, sent, clock.advance(1_000)]);
    expect(order).toEqual(["moved with 1"]);
    expect(texts(page)).toEqual(["two", "1.0 1.1 1.2"]);
  });

  it("looks at another branch while an answer is written, and moves there when it has ended", async () => {
    const { clock, world } = set;
    const page = await begun();
    const other = { ...world.server.transcript(), messages: world.server.transcript().messages.slice(0, 1) };
    page.onLoadThrough = () => other;
    let moves = 0;
    world.onMove = () => {
      moves += 1;
      return other;
    };
    page.enter("two", false);
    await clock.advance(100);
    await Promise.all([page.chat.branches.switchTo("node"), clock.advance(10)]);
    expect(page.view.branches.isReadOnly).toBe(true);
    expect([texts(page), moves]).toEqual([["one"], 0]);
    await clock.advance(2_000);
    expect([texts(page), moves]).toEqual([["one"], 1]);
    expect(page.view.branches.isReadOnly).toBe(false);
  });
});
