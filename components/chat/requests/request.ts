import type { ComponentType, ReactNode } from "react";
import { humanize, isRecord, toText } from "../shared/json";

export type RequestKind = "question" | "approval" | "form" | "confirm";
export type RequestState =
  | "pending"
  | "answered"
  | "approved"
  | "denied"
  | "skipped"
  | "expired"
  | "superseded"
  | "unknown-outcome";
/** What names a request within its chat, on the page: providers repeat the ids of calls. */
export function requestKey({ messageId, toolCallId }: { messageId: string; toolCallId: string }): string {
  return `${messageId} ${toolCallId}`;
}

export type HumanRequestView = {
  chatId: string;
  chatTitle?: string | null;
  toolCallId: string;
  messageId: string;
  tool: string;
  kind: RequestKind;
  title: string;
  why?: string | null;
  input: unknown;
  /** JSON Schema of the tool's input or of the asked form */ schema?: unknown;
  /** What has to be typed to approve a `confirm`. */ phrase?: string | null;
  state: RequestState;
  output?: unknown;
  editedInput?: unknown;
  reason?: string | null;
  decidedBy?: string | null;
  decidedVia?: "card" | "inbox" | "link" | "message" | "policy" | "timeout" | null;
  decidedAt?: string | Date | null;
  expiresAt?: string | Date | null;
  createdAt: string | Date;
  onOtherBranch?: boolean;
};
export type Decision =
  | { type: "approve"; editedInput?: unknown; remember?: boolean; phrase?: string }
  | { type: "deny"; reason?: string }
  | { type: "answer"; output: unknown }
  | { type: "skip" };

/** What a person calls the tool: the title of its input's schema, else its code name in words. */
export function toolTitle({ tool, schema }: Pick<HumanRequestView, "tool" | "schema">): string {
  return isRecord(schema) && typeof schema.title === "string" && schema.title ? schema.title : humanize(tool);
}

/**
 * What the button says that approves `edited` in place of what was proposed. A schema with `x-approve`, a template such
 * as "Approve {amount} {currency}", names what will happen.
 */
export function approveLabel({ schema }: Pick<HumanRequestView, "schema">, edited: unknown): string {
  const template = isRecord(schema) ? schema["x-approve"] : undefined;
  if (typeof template !== "string" || !isRecord(edited)) return "Approve with changes";
  const label = template.replace(/\{(\w+)\}/g, (_, key: string) =>
    Object.hasOwn(edited, key) ? toText(edited[key]) : "",
  );
  return label.length <= 60 ? label : "Approve with changes";
}

/** Rejects with a sentence for the person when the decision is not taken. */
export type Decide = (decision: Decision) => Promise<void>;

/** What the card of every kind takes. */
export type RequestCardProps = {
  request: HumanRequestView;
  /** When it rejects, the card says why and keeps all that was typed. */
  onDecide: Decide;
  /** Whether an approval may be for the rest of the chat, too. */
  canAllowTool?: boolean;
  /** What the card shows once the request is decided, from `settledView`. */
  settled?: SettledView | undefined;
};

/** A request that is decided: what stands in the header, and what became of it. */
export type SettledView = {
  icon: ComponentType<{ className?: string }>;
  tone: string;
  label: string;
  content: ReactNode;
};
