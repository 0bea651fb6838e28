"use client";

import { createContext } from "react";
import type { SubAgents } from "@/components/chat/durable/sub-agents/sub-agents";

/** What the cards of sub-agents know of their chat beside their message. */
export type SubAgentsOfChat = {
  /** What they write at the moment. */
  live: Pick<SubAgents, "get" | "subscribe">;
  /** The message that is being written. */
  writing: string | undefined;
  /** Whether this person may open /inspect. */
  canInspect: boolean;
};

const none: SubAgentsOfChat = {
  live: { get: () => undefined, subscribe: () => () => {} },
  writing: undefined,
  canInspect: false,
};

export const SubAgentsContext = createContext(none);
