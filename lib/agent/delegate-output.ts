import type { ModelMessage } from "ai";
import type { NestedRequest } from "@/lib/chat/requests/pending-calls";

/** One call of a sub-agent's tool. */
export type DelegateStep = {
  id: string;
  title: string;
  detail?: string;
  state: "running" | "waiting" | "done" | "failed";
};

/** What a sub-agent's card shows while it works and afterwards. */
export type DelegateOutput = {
  state: "running" | "waiting" | "done" | "failed";
  name: string;
  task: string;
  steps: DelegateStep[];
  /** What it found, or why it found nothing. */
  result?: string;
  asked?: NestedRequest;
  /** While it waits: its conversation so far, to continue from. */
  messages?: ModelMessage[];
};
