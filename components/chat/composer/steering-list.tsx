import type { UIMessage } from "ai";
import { CornerDownRight } from "lucide-react";

/** Messages on their way into the running answer. Each disappears here when it appears in the answer. */
export function SteeringList({ messages }: { messages: UIMessage[] }) {
  if (messages.length === 0) return null;
  return (
    <ul
      data-slot="steering-list"
      aria-label="Steering the answer"
      className="mx-3 mb-2 flex flex-col gap-1 text-[13px] text-ink-2"
    >
      {messages.map((message) => (
        <li key={message.id} className="flex items-center gap-2">
          <CornerDownRight aria-hidden className="size-3.5 shrink-0 text-ink-3" />
          <span className="min-w-0 flex-1 truncate" dir="auto">
            {message.parts.map((part) => (part.type === "text" ? part.text : "")).join(" ")}
          </span>
          <span className="shrink-0 text-xs text-ink-3">reaches the answer at its next step</span>
        </li>
      ))}
    </ul>
  );
}
