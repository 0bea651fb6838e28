import type { UIMessage } from "ai";

/** What the runtime leaves in an answer where messages reached it. The type's name is its own. */
export type InjectedMessages = { messageIds: string[]; messages: { id: string; text: string }[] };

export const INJECTED_TYPE = "data-pending-message-injected";

/** Undefined for a part of another kind, and for one that has not the shape it should have. */
export function injectedMessages(part: UIMessage["parts"][number]): InjectedMessages["messages"] | undefined {
  if (part.type !== INJECTED_TYPE || !("data" in part)) return undefined;
  const { messages } = (part.data ?? {}) as Partial<InjectedMessages>;
  if (!Array.isArray(messages)) return undefined;
  return messages.filter(({ id, text }) => typeof id === "string" && typeof text === "string");
}

/** Without the messages that stand inside an answer. The same array when there is none. */
export function withoutInjected<M extends UIMessage>(messages: M[]): M[] {
  const inside = injectedIds(messages);
  return inside.size === 0 ? messages : messages.filter(({ id }) => !inside.has(id));
}

/** Messages that stand inside an answer, and need not be shown beside it as well. */
export function injectedIds(messages: UIMessage[]): ReadonlySet<string> {
  return new Set(
    messages.flatMap((message) =>
      message.role === "assistant"
        ? message.parts.flatMap((part) => (injectedMessages(part) ?? []).map(({ id }) => id))
        : [],
    ),
  );
}
