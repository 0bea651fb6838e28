"use client";

import { generateId, type UIMessage } from "ai";
import { useMemo, useRef, useState } from "react";
import { injectedIds } from "./injected-messages";

/** Messages on their way into the answer that is being written. */
export function useSteering(messages: UIMessage[]) {
  const [sent, setSent] = useState<UIMessage[]>([]);
  const undecided = useRef<UIMessage[]>([]);
  const injected = useMemo(() => injectedIds(messages), [messages]);

  // Once taken up it is no longer on its way, also when the reader goes to a branch that does not have it.
  const waiting = sent.filter(
    ({ id }) => !injected.has(id) && !messages.some((message) => message.id === id),
  );
  if (waiting.length < sent.length) setSent(waiting);

  return {
    /** Sent, and not yet taken up by the answer. */
    waiting,
    add(message: UIMessage) {
      undecided.current.push(message);
      setSent((before) => [...before, message]);
    },
    /** The answer in `shown` has ended: the first message that it did not take up, and is a question of its own now. */
    takeLate(shown: UIMessage[]): UIMessage | undefined {
      const taken = injectedIds(shown);
      for (let next = undecided.current.shift(); next; next = undecided.current.shift()) {
        if (!taken.has(next.id) && !shown.some(({ id }) => id === next.id)) return next;
      }
      return undefined;
    },
  };
}

/** Its id tells the agent that it should reach the running answer. */
export function steeringMessage(text: string, steeringId: (id: string) => string): UIMessage {
  return { id: steeringId(generateId()), role: "user", parts: [{ type: "text", text }] };
}
