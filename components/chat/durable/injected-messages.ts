import type { UIMessage } from "ai";

/** The data part that the SDK's runtime writes where messages were added to an answer. */
export type InjectedMessages = { messageIds: string[]; messages: { id: string; text: string }[] };

export const INJECTED_TYPE = "data-pending-message-injected";

/** Undefined for other parts, and for malformed ones. */
export function injectedMessages(part: UIMessage["parts"][number]): InjectedMessages["messages"] | undefined {
  if (part.type !== INJECTED_TYPE || !("data" in part)) return undefined;
  const { messages } = (part.data ?? {}) as Partial<InjectedMessages>;
  if (!Array.isArray(messages)) return undefined;
  return messages.filter(({ id, text }) => typeof id === "string" && typeof text === "string");
}

/** Removes messages that stand inside an answer. Returns the same array if there are none. */
export function withoutInjected<M extends UIMessage>(messages: M[]): M[] {
  const inside = injectedIds(messages);
  return inside.size === 0 ? messages : messages.filter(({ id }) => !inside.has(id));
}

/** Ids of messages that stand inside an answer and need no row of their own. */
export function injectedIds(messages: UIMessage[]): ReadonlySet<string> {
  return new Set(
    messages.flatMap((message) =>
      message.role === "assistant"
        ? message.parts.flatMap((part) => (injectedMessages(part) ?? []).map(({ id }) => id))
        : [],
    ),
  );
}
