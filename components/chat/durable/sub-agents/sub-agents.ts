import type { UIMessage } from "ai";

type Data = { type: string; data?: unknown };
type Messages = { onData(part: never): void; get(key: string): UIMessage | undefined };

/** The type of the parts in which the agent forwards what its sub-agents write. The name is the SDK's. */
const TYPE = "data-subagent";

/**
 * The messages of sub-agents while they are written. The agent forwards them as transient parts, under the id of the call
 * and, behind a slash, a name for each new beginning: the newest one is shown.
 */
export class SubAgents {
  readonly #newest = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #early: Data[] | undefined = [];
  #messages: Messages | undefined;

  readonly onData = (part: Data): void => {
    if (part.type !== TYPE) return;
    const key = (part.data as { toolCallId?: unknown } | undefined)?.toolCallId;
    if (typeof key !== "string") return;
    // A stream that is read again repeats old beginnings.
    if (!this.#seen.has(key)) this.#newest.set(key.split("/")[0]!, key);
    this.#seen.add(key);
    if (this.#messages) return this.#messages.onData(part as never);
    this.#early!.push(part);
    if (this.#early!.length === 1) void this.#load();
  };

  readonly get = (toolCallId: string): UIMessage | undefined =>
    this.#messages?.get(this.#newest.get(toolCallId) ?? "");

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** With the SDK's transport, which a page that reads a stream has loaded. */
  async #load(): Promise<void> {
    const { createSubAgentMessages } = await import("@trigger.dev/sdk/chat");
    this.#messages = createSubAgentMessages({
      onChange: () => this.#listeners.forEach((listener) => listener()),
    });
    for (const part of this.#early ?? []) this.#messages.onData(part as never);
    this.#early = undefined;
  }
}
