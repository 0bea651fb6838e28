import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChatEvent, type ChatState, initialState, isAtRest, isExpecting, reduce } from "./phase";

const after = (events: ChatEvent[], from: ChatState = initialState("idle")) => events.reduce(reduce, from);
const phaseAfter = (...events: ChatEvent[]) => after(events).phase;

describe("the phases of a chat", () => {
  it("begin where the transcript left off", () => {
    expect(initialState("idle").phase).toBe("idle");
    expect(initialState("running").phase).toBe("idle");
    expect(initialState("failed")).toMatchObject({ phase: "failed", outcome: "failed" });
  });

  it("follow a message from its sending to its answer's end", () => {
    const phases: string[] = [];
    const events: ChatEvent[] = [
      { type: "send" },
      { type: "follow" },
      { type: "delivered" },
      { type: "answer-began" },
      { type: "settle" },
      { type: "followed" },
      { type: "settled" },
    ];
    events.reduce((state, event) => {
      const next = reduce(state, event);
      phases.push(next.phase);
      return next;
    }, initialState("idle"));
    expect(phases).toEqual([
      "delivering",
      "delivering",
      "following",
      "following",
      "following",
      "settling",
      "idle",
    ]);
  });

  it("name the foremost of several activities", () => {
    const busy: ChatEvent[] = [{ type: "settle" }, { type: "follow" }, { type: "send" }];
    expect(phaseAfter(...busy)).toBe("delivering");
    expect(phaseAfter(...busy, { type: "connect" })).toBe("connecting");
    expect(phaseAfter(...busy, { type: "connect" }, { type: "stop" })).toBe("stopping");
    expect(phaseAfter(...busy, { type: "delivered" }, { type: "followed" })).toBe("settling");
  });

  it("say failed only when nothing is under way, and leave it with the next message", () => {
    const failed = after([{ type: "follow" }, { type: "error", hasError: true }]);
    expect(failed.phase).toBe("following");
    expect(isExpecting(failed)).toBe(false);
    const over = after([{ type: "followed" }], failed);
    expect(over.phase).toBe("failed");
    expect(isAtRest(over)).toBe(true);
    const again = after([{ type: "send" }, { type: "error", hasError: false }, { type: "delivered" }], over);
    expect(again).toMatchObject({ phase: "idle", outcome: undefined });
  });

  it("show nothing of a stream that may bring nothing, before its first chunk", () => {
    const quiet = after([{ type: "follow", isQuiet: true }]);
    expect([quiet.phase, isExpecting(quiet)]).toEqual(["following", false]);
    expect(isExpecting(after([{ type: "answer-began" }], quiet))).toBe(true);
    expect(isExpecting(after([{ type: "send" }], quiet))).toBe(true);
    expect(isExpecting(after([{ type: "follow" }], quiet))).toBe(true);
    // A quiet stream beside one that is shown hides nothing.
    expect(isExpecting(after([{ type: "follow" }, { type: "follow", isQuiet: true }]))).toBe(true);
  });

  it("forget how the last answer ended when another is asked for or stopped", () => {
    const recovered = after([{ type: "outcome", outcome: "recovered" }]);
    expect(after([{ type: "send" }], recovered).outcome).toBeUndefined();
    expect(after([{ type: "stop" }], recovered).outcome).toBe("stopped");
  });

  it("say of a failure what is saved", () => {
    const failed = after([{ type: "saved", status: "failed" }]);
    expect(failed).toMatchObject({ phase: "failed", outcome: "failed" });
    expect(after([{ type: "saved", status: "running" }], failed).outcome).toBe("failed");
    expect(after([{ type: "saved", status: "idle" }], failed).phase).toBe("idle");
    expect(after([{ type: "follow" }, { type: "followed" }], failed).phase).toBe("idle");
    expect(after([{ type: "follow", isQuiet: true }, { type: "followed" }], failed).phase).toBe("failed");
    const stopped = after([{ type: "outcome", outcome: "stopped" }]);
    expect(after([{ type: "saved", status: "idle" }], stopped).outcome).toBe("stopped");
  });

  it("are the same object while nothing changes", () => {
    const state = after([{ type: "follow" }]);
    expect(reduce(state, { type: "answer-began" })).toBe(state);
  });

  it("refuse the end of what has not begun", () => {
    expect(() => reduce(initialState("idle"), { type: "followed" })).toThrow("following");
  });
});

const pairs = [
  ["connect", "connected"],
  ["send", "delivered"],
  ["follow", "followed"],
  ["settle", "settled"],
  ["stop", "stopped"],
] as const;

describe("every phase", () => {
  it("is left once what is under way has ended, in whatever order", () => {
    const pair = fc.constantFrom(...pairs);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (begun, order) => {
        let state = after(begun.map(([type]) => ({ type })));
        const open = begun.map(([, end]) => end);
        while (open.length > 0) {
          expect(isAtRest(state)).toBe(false);
          const [type] = open.splice(order.next().value! % open.length, 1);
          state = reduce(state, { type: type! });
        }
        expect(state.phase).toBe("idle");
      }),
    );
  });
});
