import type { UIMessageChunk } from "ai";
import { expect, it, vi } from "vitest";
import { SubAgents } from "./sub-agents";

const part = (toolCallId: string, seq: number, ...chunks: UIMessageChunk[]) => ({
  type: "data-subagent",
  data: { toolCallId, seq, chunks },
});
const begins: UIMessageChunk[] = [
  { type: "start", messageId: "m" },
  { type: "text-start", id: "t" },
];
const says = (delta: string): UIMessageChunk => ({ type: "text-delta", id: "t", delta });

/** The SDK is loaded when it is needed. */
const PATIENTLY = { timeout: 15_000, interval: 20 };

it("builds a sub-agent's message, and each new beginning replaces the one before", async () => {
  const live = new SubAgents();
  const changed = vi.fn();
  live.subscribe(changed);
  const text = () =>
    live
      .get("call")
      ?.parts.flatMap((each) => (each.type === "text" ? [each.text] : []))
      .join();
  live.onData(part("call/1", 0, ...begins, says("Half of")));
  live.onData({ type: "data-other", data: {} });
  live.onData({ type: "data-subagent" });
  await vi.waitFor(() => expect(text()).toBe("Half of"), PATIENTLY);
  expect(changed).toHaveBeenCalled();
  // Its worker died, and another one begins again.
  live.onData(part("call/2", 0, ...begins, says("The whole")));
  await vi.waitFor(() => expect(text()).toBe("The whole"), PATIENTLY);
  // The page reads the stream again: nothing is doubled, and the old beginning stays old.
  live.onData(part("call/1", 0, ...begins, says("Half of")));
  live.onData(part("call/2", 0, ...begins, says("The whole")));
  live.onData(part("call/2", 1, says(" answer")));
  await vi.waitFor(() => expect(text()).toBe("The whole answer"), PATIENTLY);
  expect(live.get("another")).toBeUndefined();
});
