import type { ChatTransportEvent } from "@trigger.dev/sdk/chat";
import { describe, expect, it } from "vitest";
import { Deliveries } from "./deliveries";

const sent = (messageId: string) => ({ type: "message-sent", messageId }) as ChatTransportEvent;
const failed = (messageId: string) =>
  ({ type: "message-send-failed", messageId, error: new Error(`no ${messageId}`) }) as ChatTransportEvent;

describe("messages on their way", () => {
  it("are settled one by one, by their own ids", async () => {
    const deliveries = new Deliveries();
    const first = deliveries.expect("a");
    const second = deliveries.expect("b");
    deliveries.onEvent(failed("b"));
    await expect(second).rejects.toThrow("no b");
    expect([deliveries.has("a"), deliveries.has("b")]).toEqual([true, false]);
    deliveries.onEvent({ type: "stream-error", error: new Error("broken") } as ChatTransportEvent);
    expect(deliveries.has("a")).toBe(true);
    deliveries.onEvent(sent("a"));
    await first;
    expect(deliveries.has("a")).toBe(false);
  });

  it("are waited for together, however they end", async () => {
    const deliveries = new Deliveries();
    expect(await deliveries.allEnded()).toBe(true);
    const first = deliveries.expect("a").catch(() => {});
    const second = deliveries.expect("b");
    let isOver = false;
    const over = deliveries.allEnded().finally(() => (isOver = true));
    deliveries.fail("a", new Error("no session"));
    await first;
    expect(isOver).toBe(false);
    deliveries.onEvent(sent("b"));
    await second;
    expect(await over).toBe(false);
    expect(await deliveries.allEnded()).toBe(true);
  });
});
