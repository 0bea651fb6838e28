/** Shows a sub-agent's work in the chat while it goes on. What counts in the end is read from the sub-agent's row. */
import { randomUUID } from "node:crypto";
import { chat } from "@trigger.dev/sdk/ai";
import type { AgentChat } from "@trigger.dev/sdk/chat";
import { isToolUIPart, type UIMessage, type UIMessageChunk } from "ai";
import { setTimeout as pause } from "node:timers/promises";

type Forwarding = {
  /** The call of the chat's agent whose card shows it. */
  toolCallId: string;
  /** What the sub-agent has said before, when it continues an answer. */
  before?: UIMessage | undefined;
  /** Called at every end of a turn or of a connection. */
  onEnd: () => void;
};

const RECONNECT_AFTER_MS = 300;

/** Forwards until `until` is aborted. Never rejects: without it the card only shows less. */
export async function forward(
  agent: AgentChat,
  { toolCallId, before, onEnd }: Forwarding,
  until: AbortSignal,
): Promise<void> {
  let page: Page | undefined;
  while (!until.aborted) {
    try {
      const stream = await agent.reconnect(until);
      for await (const chunk of stream ?? []) {
        if (chunk.type === "error" || (chunk.type.startsWith("data-") && "transient" in chunk)) continue;
        if (chunk.type === "start") {
          // Its worker died, and another one writes the answer anew: so does the card.
          await page?.close();
          page = openPage(toolCallId);
          page.write(chunk);
          for (const said of before ? chunksOf(before) : []) page.write(said);
        } else page?.write(chunk);
      }
    } catch {
      // The engine can't be reached at the moment.
    }
    onEnd();
    await pause(RECONNECT_AFTER_MS, undefined, { signal: until }).catch(() => {});
  }
  await page?.close();
}

type Page = { write: (chunk: UIMessageChunk) => void; close: () => Promise<unknown> };

/** One message of the sub-agent in the card, told from the others of the same call by a name of its own. */
function openPage(toolCallId: string): Page {
  const { readable, writable } = new TransformStream<UIMessageChunk, UIMessageChunk>(
    undefined,
    new CountQueuingStrategy({ highWaterMark: Number.MAX_SAFE_INTEGER }),
  );
  const writer = writable.getWriter();
  const shown = chat
    .forwardSubAgent(readable, { toolCallId: `${toolCallId}/${randomUUID()}` })
    .catch(() => {});
  return {
    write: (chunk) => void writer.write(chunk).catch(() => {}),
    close: () =>
      writer
        .close()
        .then(() => shown)
        .catch(() => {}),
  };
}

/** The chunks that say what a message says already. */
function chunksOf({ parts }: UIMessage): UIMessageChunk[] {
  return parts.flatMap((part, index): UIMessageChunk[] => {
    if (part.type === "text")
      return [
        { type: "text-start", id: `before-${index}` },
        { type: "text-delta", id: `before-${index}`, delta: part.text },
        { type: "text-end", id: `before-${index}` },
      ];
    if (!isToolUIPart(part)) return [];
    const { toolCallId, state, input } = part;
    const toolName = part.type === "dynamic-tool" ? part.toolName : part.type.slice("tool-".length);
    const call: UIMessageChunk = { type: "tool-input-available", toolCallId, toolName, input };
    if (state === "output-available")
      return [call, { type: "tool-output-available", toolCallId, output: part.output }];
    if (state === "output-error")
      return [call, { type: "tool-output-error", toolCallId, errorText: part.errorText }];
    if (state === "output-denied") return [call, { type: "tool-output-denied", toolCallId }];
    if (state === "approval-requested")
      return [call, { type: "tool-approval-request", toolCallId, approvalId: part.approval.id }];
    return [call];
  });
}
