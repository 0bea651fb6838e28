import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { bankFailures, payAt, startBank, type Bank } from "@/e2e/support/bank";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { deleteChat } from "../chats/changes";
import { canonical, DidNotHappenError, effectKey, runOnce } from "./ledger";
import { listEffects, readOutcome, settleEffect } from "./outcomes";
import type { EffectCall } from "./effect";
import { createChat } from "../tree/queries";
import { UnknownOutcomeError, unknownOutcomeOf } from "./unknown-outcome";

const shared = testDatabase();
let chatId: string;
let done: string[];

beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  done = [];
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const input = { orderId: "A-1", amount: 20, currency: "EUR" };
const call = (more: Partial<EffectCall> = {}): EffectCall => ({
  chatId,
  turn: "u1",
  tool: "refund",
  input,
  ...more,
});
/** Leaves a mark, and says how many there were. */
const mark = (idempotencyKey: string) => {
  done.push(idempotencyKey);
  return { number: done.length };
};
const row = (which = call()) => shared.db.effect.findUniqueOrThrow({ where: { key: effectKey(which) } });
/** What a worker leaves behind that died in the middle of it. */
const brokenOff = async (which = call()) => {
  await runOnce(shared.db, which, () => Promise.reject(new UnknownOutcomeError(told(which)))).catch(() => {});
  await shared.db.effect.update({
    where: { key: effectKey(which) },
    data: { state: "started", error: null, leaseUntil: new Date(Date.now() - 1) },
  });
};
const told = (which: EffectCall) => ({
  key: effectKey(which),
  tool: which.tool,
  input: which.input,
  startedAt: new Date(),
});

describe("runOnce", () => {
  it("does it, and from then on gives back what it returned", async () => {
    expect(await runOnce(shared.db, call({ toolCallId: "c1", runId: "run_1" }), mark)).toEqual({ number: 1 });
    expect(await runOnce(shared.db, call({ toolCallId: "c2", runId: "run_2" }), mark)).toEqual({ number: 1 });
    expect(done).toHaveLength(1);
    expect(await row()).toMatchObject({
      chatId,
      messageId: "u1",
      tool: "refund",
      toolCallId: "c1",
      runId: "run_1",
      input,
      state: "done",
      output: { number: 1 },
      finishedAt: expect.any(Date),
    });
  });

  it.each([
    ["another question", { turn: "u2" }],
    ["another tool", { tool: "sendEmail" }],
    ["another argument", { input: { ...input, amount: 21 } }],
    ["a number that is a text", { input: { ...input, amount: "20" } }],
  ])("%s is another effect", async (_, other) => {
    await runOnce(shared.db, call(), mark);
    await runOnce(shared.db, call(other), mark);
    expect(done).toHaveLength(2);
    expect(new Set(done).size).toBe(2);
  });

  it("another chat is another effect, also with the same message id in it", async () => {
    const other = `chat-${crypto.randomUUID()}`;
    await createChat(shared.db, { id: other, userId: "bob" });
    await runOnce(shared.db, call(), mark);
    await runOnce(shared.db, call({ chatId: other }), mark);
    expect(done).toHaveLength(2);
    expect(await listEffects(shared.db, other)).toMatchObject([{ tool: "refund", state: "done" }]);
  });

  it("the order of the arguments and the way of writing a number do not matter", async () => {
    const written = (text: string) => call({ input: JSON.parse(text) as unknown });
    await runOnce(shared.db, written('{"a":{"x":1,"y":[1,{"p":0,"q":2}]},"b":100}'), mark);
    await runOnce(shared.db, written('{"b":1e2,"a":{"y":[1.0,{"q":2,"p":-0}],"x":1}}'), mark);
    expect(done).toHaveLength(1);
    await runOnce(shared.db, written('{"b":100,"a":{"x":1,"y":[{"p":0,"q":2},1]}}'), mark);
    expect(done).toHaveLength(2);
  });

  it("of fifty callers at the same time one does it, and all have its result", async () => {
    const slow = async (idempotencyKey: string) => {
      const result = mark(idempotencyKey);
      await new Promise((resolve) => setTimeout(resolve, 400));
      return result;
    };
    const results = await Promise.all(Array.from({ length: 50 }, () => runOnce(shared.db, call(), slow)));
    expect(done).toHaveLength(1);
    expect(new Set(results.map((result) => result.number))).toEqual(new Set([1]));
  });

  it("keeps an output that no database takes as far as JSON goes, and returns the same at once and later", async () => {
    const odd = () => ({ text: "a\u0000b\uD800", when: new Date(0), none: undefined, deep: [Number.NaN] });
    const wanted = { text: "ab\uFFFD", when: "1970-01-01T00:00:00.000Z", deep: [null] };
    expect(await runOnce(shared.db, call(), odd)).toEqual(wanted);
    expect(await runOnce(shared.db, call(), odd)).toEqual(wanted);
    expect(await runOnce(shared.db, call({ turn: "u2" }), () => undefined)).toBeNull();
    expect(await runOnce(shared.db, call({ turn: "u2" }), () => undefined)).toBeNull();
  });

  it("renews its lease while it lasts", async () => {
    const slow = async (idempotencyKey: string) => {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      return mark(idempotencyKey);
    };
    const first = runOnce(shared.db, call(), slow, { leaseMs: 1_000 });
    await vi.waitFor(row);
    expect(await runOnce(shared.db, call(), mark, { leaseMs: 1_000 })).toEqual({ number: 1 });
    expect(await first).toEqual({ number: 1 });
    expect(done).toHaveLength(1);
  });

  it("stops waiting when it is told to, and leaves the effect alone", async () => {
    let finish: (() => void) | undefined;
    const first = runOnce(shared.db, call(), async (idempotencyKey) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return mark(idempotencyKey);
    });
    await vi.waitFor(() => expect(finish).toBeDefined());
    const stop = new AbortController();
    const second = runOnce(shared.db, call(), mark, { signal: stop.signal });
    stop.abort();
    await expect(second).rejects.toThrow(/abort/i);
    finish!();
    expect(await first).toEqual({ number: 1 });
  });
});

describe("an approved call", () => {
  const approved = (more: Partial<EffectCall> = {}) => call({ toolCallId: "c1", approved: true, ...more });

  it("is known by its id, so the same arguments approved twice are done twice", async () => {
    await runOnce(shared.db, approved(), mark);
    await runOnce(shared.db, approved(), mark);
    expect(done).toHaveLength(1);
    await runOnce(shared.db, approved({ toolCallId: "c2" }), mark);
    expect(done).toHaveLength(2);
  });

  it("is another one in another answer, whose provider gave it the same id", async () => {
    for (const answerId of ["a1", "a1", "a2"]) await runOnce(shared.db, approved({ answerId }), mark);
    expect(done).toHaveLength(2);
  });

  it("keeps the record it had before answers were part of its key", async () => {
    await runOnce(shared.db, approved(), mark);
    await shared.db.effect.updateMany({ where: { chatId }, data: { answerId: "a1" } });
    await runOnce(shared.db, approved({ answerId: "a1" }), mark);
    expect(done).toHaveLength(1);
    await runOnce(shared.db, approved({ answerId: "a2" }), mark);
    expect(done).toHaveLength(2);
  });

  it("is not carried out again with other arguments, and does not pretend that it was", async () => {
    await runOnce(shared.db, approved(), mark);
    await expect(runOnce(shared.db, approved({ input: { ...input, amount: 2000 } }), mark)).rejects.toThrow(
      "ran with other arguments",
    );
    expect(done).toHaveLength(1);
  });
});

describe("a refusal", () => {
  const fail = (idempotencyKey: string) => {
    mark(idempotencyKey);
    throw new DidNotHappenError("The bank said no.\u0000");
  };

  it("is recorded, and a later call tries again under a new idempotency key", async () => {
    await expect(runOnce(shared.db, call(), fail)).rejects.toThrow("The bank said no.");
    expect(await row()).toMatchObject({ state: "failed", error: "The bank said no.", failures: 1 });
    await expect(runOnce(shared.db, call(), fail)).rejects.toThrow("The bank said no.");
    expect(await runOnce(shared.db, call(), mark)).toEqual({ number: 3 });
    expect(new Set(done).size).toBe(3);
    expect(await row()).toMatchObject({ state: "done", error: null, failures: 2 });
  });

  it("is also the failure of those who waited for it", async () => {
    let finish = () => {};
    const first = runOnce(shared.db, call(), async (idempotencyKey) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return fail(idempotencyKey);
    });
    first.catch(() => {});
    await vi.waitFor(row);
    const others = Promise.allSettled(Array.from({ length: 5 }, () => runOnce(shared.db, call(), mark)));
    // Each has looked once, found it under way and now waits.
    await new Promise((resolve) => setTimeout(resolve, 500));
    finish();
    await expect(first).rejects.toThrow("The bank said no.");
    for (const other of await others) {
      expect(other).toMatchObject({ status: "rejected", reason: { message: "The bank said no." } });
    }
    expect(done).toHaveLength(1);
  });

  it("may also be returned", async () => {
    const refuse = () => new DidNotHappenError("The bank said no.");
    await expect(runOnce(shared.db, call(), refuse)).rejects.toThrow(DidNotHappenError);
    expect(await runOnce(shared.db, call(), mark)).toEqual({ number: 1 });
  });

  it("leaves the key as it is where the service honors it", async () => {
    const policy = { safeToRepeat: true };
    await expect(runOnce(shared.db, call(), fail, policy)).rejects.toThrow("The bank said no.");
    await runOnce(shared.db, call(), mark, policy);
    expect(new Set(done).size).toBe(1);
  });

  it("leaves the key as it is once nobody could say how an attempt had ended", async () => {
    const lost = (idempotencyKey: string) => {
      mark(idempotencyKey);
      throw new Error("socket hang up");
    };
    await expect(runOnce(shared.db, call(), fail)).rejects.toThrow(DidNotHappenError);
    await expect(runOnce(shared.db, call(), lost)).rejects.toThrow(UnknownOutcomeError);
    await settleEffect(shared.db, { chatId, key: effectKey(call()) }, { outcome: "did-not-happen" }, "ada");
    await expect(runOnce(shared.db, call(), fail)).rejects.toThrow(DidNotHappenError);
    await runOnce(shared.db, call(), mark);
    expect(done).toHaveLength(4);
    expect(new Set(done.slice(1)).size).toBe(1);
  });
});

describe("an error", () => {
  it.each(["Error", "TypeError", "AbortError", "TimeoutError"])(
    "called %s may come after the effect",
    async (name) => {
      const given = () => Promise.reject(Object.assign(new Error("It broke."), { name }));
      await expect(runOnce(shared.db, call(), given)).rejects.toBeInstanceOf(UnknownOutcomeError);
      await expect(runOnce(shared.db, call(), mark)).rejects.toBeInstanceOf(UnknownOutcomeError);
      expect(await row()).toMatchObject({ state: "unknown", error: "It broke.", failures: 0 });
      expect(done).toHaveLength(0);
    },
  );

  describe("of a service that books first", () => {
    let bank: Bank;
    beforeAll(async () => void (bank = await startBank()));
    afterAll(() => bank.close());

    it.each(bankFailures)("%s: it books once, however often it is tried", async (failure) => {
      for (let trial = 0; trial < 5; trial++) {
        const order = `${failure} ${trial}`;
        const pay = (key: string) => payAt(bank.url, { order, failure, key });
        for (let attempt = 0; attempt < 3; attempt++)
          await expect(runOnce(shared.db, call({ turn: order }), pay)).rejects.toThrow(UnknownOutcomeError);
        expect(bank.bookings.filter((booking) => booking.order === order)).toHaveLength(1);
      }
    });

    it.each(bankFailures)(
      "%s: where it honors the key it books once, and is tried again",
      async (failure) => {
        const pay = (key: string) => payAt(bank.url, { order: "keyed", failure, key });
        const which = call({ turn: failure });
        const attempt = () => runOnce(shared.db, which, pay, { safeToRepeat: true });
        for (let tries = 0; tries < 3; tries++) await expect(attempt()).rejects.toThrow(UnknownOutcomeError);
        const keys = bank.bookings.filter((each) => each.order === "keyed" && each.failure === failure);
        expect(keys).toHaveLength(3);
        expect(new Set(keys.map(({ key }) => key)).size).toBe(1);
      },
    );
  });
});

describe("an unknown outcome", () => {
  const outcomeOf = (which = call()) =>
    runOnce(shared.db, which, mark).then(
      () => undefined,
      (error: unknown) => (error instanceof UnknownOutcomeError ? error.outcome : undefined),
    );

  it("is told and never tried again by itself", async () => {
    await brokenOff();
    expect(await listEffects(shared.db, chatId)).toMatchObject([{ state: "unknown" }]);
    for (let time = 0; time < 3; time++) {
      const outcome = await outcomeOf();
      expect(outcome).toMatchObject({ outcome: "unknown", effect: effectKey(call()), tool: "refund", input });
      expect(outcome?.message).toMatch(/may have happened.*Check/s);
      expect(unknownOutcomeOf(JSON.parse(JSON.stringify(outcome)))).toEqual(outcome);
    }
    expect(done).toHaveLength(0);
    expect(await row()).toMatchObject({ state: "unknown" });
  });

  it("is waited for while its worker may be alive", async () => {
    await brokenOff();
    await shared.db.effect.update({
      where: { key: effectKey(call()) },
      data: { leaseUntil: new Date(Date.now() + 800) },
    });
    expect(await outcomeOf()).toBeDefined();
    expect(await row()).toSatisfy(
      ({ leaseUntil }: { leaseUntil: Date }) => leaseUntil.getTime() <= Date.now(),
    );
  });

  it("that happened, says a person: what they say is the result from then on", async () => {
    await brokenOff();
    await outcomeOf();
    const effect = { chatId, key: effectKey(call()) };
    const output = { refundId: "r-1" };
    expect(await settleEffect(shared.db, effect, { outcome: "happened", output }, "ada")).toBe("settled");
    expect(await runOnce(shared.db, call(), mark)).toEqual(output);
    expect(done).toHaveLength(0);
    expect(await row()).toMatchObject({ state: "done", settledBy: "ada" });
  });

  it("can be said to have happened without more", async () => {
    await brokenOff();
    const effect = { chatId, key: effectKey(call()) };
    expect(await readOutcome(shared.db, effect)).toBe("unknown");
    await settleEffect(shared.db, effect, { outcome: "happened" }, "ada");
    expect(await runOnce<unknown>(shared.db, call(), mark)).toMatchObject({ outcome: "happened" });
    expect(await readOutcome(shared.db, effect)).toBe("happened");
    expect(await readOutcome(shared.db, { ...effect, chatId: "another-chat" })).toBeNull();
  });

  it("that did not happen, says a person: the next call does it, under the same idempotency key", async () => {
    let first = "";
    await runOnce(shared.db, call(), (idempotencyKey) => {
      first = idempotencyKey;
      throw new DOMException("It took too long.", "TimeoutError");
    }).catch(() => {});
    const effect = { chatId, key: effectKey(call()) };
    expect(await settleEffect(shared.db, effect, { outcome: "did-not-happen" }, "ada")).toBe("settled");
    expect(await runOnce(shared.db, call(), mark)).toEqual({ number: 1 });
    expect(done).toEqual([first]);
  });

  it("is settled once, by the first of fifty", async () => {
    await brokenOff();
    const effect = { chatId, key: effectKey(call()) };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        settleEffect(shared.db, effect, { outcome: index % 2 ? "happened" : "did-not-happen" }, "ada"),
      ),
    );
    expect(answers.filter((answer) => answer === "settled")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "already-known")).toHaveLength(49);
  });

  it("of another chat, or none, cannot be settled; nor can one that is known or under way", async () => {
    await brokenOff();
    const settle = (key: string, chat = chatId) =>
      settleEffect(shared.db, { chatId: chat, key }, { outcome: "happened" }, "bob");
    const other = `chat-${crypto.randomUUID()}`;
    await createChat(shared.db, { id: other, userId: "bob" });
    expect(await settle(effectKey(call()), other)).toBe("not-found");
    expect(await settle("effect_that_is_not_there\u0000")).toBe("not-found");
    await runOnce(shared.db, call({ turn: "u2" }), mark);
    expect(await settle(effectKey(call({ turn: "u2" })))).toBe("already-known");
    await runOnce(shared.db, call({ turn: "u3" }), async () => {
      expect(await settle(effectKey(call({ turn: "u3" })))).toBe("already-known");
    });
  });

  it("becomes known when its worker was only slow", async () => {
    let finish = () => {};
    const first = runOnce(shared.db, call(), async (idempotencyKey) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return mark(idempotencyKey);
    });
    await vi.waitFor(row);
    await shared.db.effect.update({
      where: { key: effectKey(call()) },
      data: { leaseUntil: new Date(Date.now() - 1) },
    });
    expect(await outcomeOf()).toBeDefined();
    finish();
    expect(await first).toEqual({ number: 1 });
    expect(await runOnce(shared.db, call(), mark)).toEqual({ number: 1 });
    expect(done).toHaveLength(1);
  });

  it("is tried again by a tool that may be repeated, under the same idempotency key", async () => {
    await brokenOff();
    const policy = { safeToRepeat: true };
    expect(await runOnce(shared.db, call(), mark, policy)).toEqual({ number: 1 });
    expect(await runOnce(shared.db, call(), mark, policy)).toEqual({ number: 1 });
    expect(done).toEqual([`${effectKey(call())}_0`]);
  });
});

describe("the chat", () => {
  it("has to be there: nothing happens for one that is not, or is deleted", async () => {
    await expect(runOnce(shared.db, call({ chatId: "chat-not-there" }), mark)).rejects.toThrow(
      "does not exist",
    );
    await runOnce(shared.db, call(), mark);
    await deleteChat(shared.db, { chatId, userId: "ada" });
    await expect(runOnce(shared.db, call(), mark)).rejects.toThrow("does not exist");
    await expect(runOnce(shared.db, call({ turn: "u2" }), mark)).rejects.toThrow("does not exist");
    expect(done).toHaveLength(1);
  });

  it("takes its ledger along, and an effect that was under way still tells its result", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const result = await runOnce(shared.db, call(), async (idempotencyKey) => {
      await shared.db.chat.delete({ where: { id: chatId } });
      return mark(idempotencyKey);
    });
    expect(result).toEqual({ number: 1 });
    expect(await shared.db.effect.count({ where: { chatId } })).toBe(0);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

describe("canonical arguments", () => {
  it("are one text for equal values and different texts for different ones", () => {
    expect(canonical({ b: 1, a: [{ d: 1, c: undefined }] })).toBe('{"a":[{"d":1}],"b":1}');
    expect(canonical(-0)).toBe(canonical(0));
    expect(canonical(undefined)).toBe("null");
    expect(canonical({ a: "1" })).not.toBe(canonical({ a: 1 }));
    expect(canonical(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}');
  });

  it("cannot be mixed up with what stands beside them in the key", () => {
    const keys = [
      call({ turn: "u", tool: "1t" }),
      call({ turn: "u1", tool: "t" }),
      call({ approved: true, toolCallId: canonical(input) }),
      call(),
      call({ approved: true, toolCallId: "c1" }),
    ].map(effectKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("a process that is killed", () => {
  const LEASE_MS = 1_500;
  const entries = (which: EffectCall) =>
    shared.db.demoEntry.count({
      where: { data: { path: ["idempotencyKey"], equals: `${effectKey(which)}_0` } },
    });

  async function killedAt(moment: "before" | "during" | "after", which: EffectCall): Promise<void> {
    const script = path.resolve(import.meta.dirname, "../../../e2e/support/effect-process.ts");
    const given = JSON.stringify({ databaseUrl: shared.url, call: which, policy: { leaseMs: LEASE_MS } });
    const child = spawn(process.execPath, ["--import", "tsx", script, given], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const gone = new Promise((resolve) => child.once("exit", resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === moment) child.kill("SIGKILL");
      else child.stdin.write("\n");
    }
    await gone;
    expect(child.signalCode).toBe("SIGKILL");
  }

  const again = (which: EffectCall, safeToRepeat = false) =>
    runOnce(
      shared.db,
      which,
      async (idempotencyKey) => {
        const { id } = await shared.db.demoEntry.create({ data: { kind: "test", data: { idempotencyKey } } });
        return { id };
      },
      { leaseMs: LEASE_MS, safeToRepeat },
    );

  it("before the effect: it did not happen, nobody can know that, and it is not done by itself", async () => {
    await killedAt("before", call());
    await expect(again(call())).rejects.toBeInstanceOf(UnknownOutcomeError);
    expect(await entries(call())).toBe(0);
  });

  it("during the effect: it happened once, nobody can know that, and it is not done again", async () => {
    await killedAt("during", call());
    await expect(again(call())).rejects.toBeInstanceOf(UnknownOutcomeError);
    expect(await entries(call())).toBe(1);
  });

  it("after the effect: it is known, and its result is there again", async () => {
    await killedAt("after", call());
    expect(await again(call())).toEqual({ id: expect.any(String) });
    expect(await entries(call())).toBe(1);
  });

  it("before the effect of a tool that may be repeated: another process does it", async () => {
    await killedAt("before", call());
    expect(await again(call(), true)).toEqual({ id: expect.any(String) });
    expect(await entries(call())).toBe(1);
  });
});
