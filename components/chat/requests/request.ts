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
/** Identifies a request within its chat. Providers repeat call ids, so the message's id is part of it. */
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
  /** JSON Schema of the tool's input or of the requested form. */ schema?: unknown;
  /** The phrase to type to approve a `confirm`. */ phrase?: string | null;
  state: RequestState;
  output?: unknown;
  editedInput?: unknown;
  reason?: string | null;
  decidedBy?: string | null;
  decidedVia?: "card" | "inbox" | "link" | "api" | "message" | "policy" | "timeout" | null;
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

/** The tool's title: from its input's schema, else its humanized code name. */
export function toolTitle({ tool, schema }: Pick<HumanRequestView, "tool" | "schema">): string {
  return isRecord(schema) && typeof schema.title === "string" && schema.title ? schema.title : humanize(tool);
}

/**
 * The label of the Approve button for edited arguments. A schema's `x-approve`, a template such as "Approve {amount}
 * {currency}", says what will happen.
 */
export function approveLabel({ schema }: Pick<HumanRequestView, "schema">, edited: unknown): string {
  const template = isRecord(schema) ? schema["x-approve"] : undefined;
  if (typeof template !== "string" || !isRecord(edited)) return "Approve with changes";
  const label = template.replace(/\{(\w+)\}/g, (_, key: string) =>
    Object.hasOwn(edited, key) ? toText(edited[key]) : "",
  );
  return label.length <= 60 ? label : "Approve with changes";
}

/** Rejects with a sentence for the person if the decision isn't accepted. */
export type Decide = (decision: Decision) => Promise<void>;

/** The props of every kind of card. */
export type RequestCardProps = {
  request: HumanRequestView;
  /** If it rejects, the card shows why and keeps all input. */
  onDecide: Decide;
  /** Whether the approval can cover the rest of the chat. */
  canAllowTool?: boolean;
  /** Shown once the request is decided, from `settledView`. */
  settled?: SettledView | undefined;
};

/** A decided request: its header and its result. */
export type SettledView = {
  icon: ComponentType<{ className?: string }>;
  tone: string;
  label: string;
  content: ReactNode;
};
