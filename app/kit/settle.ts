import type { Decision, HumanRequestView } from "@/components/chat/requests/request";

/** A request as a server would store it after a decision. */
export function settle(request: HumanRequestView, decision: Decision): HumanRequestView {
  const by = { decidedBy: "you", decidedVia: "card", decidedAt: new Date() } as const;
  switch (decision.type) {
    case "approve":
      return { ...request, ...by, state: "approved", editedInput: decision.editedInput };
    case "deny":
      return { ...request, ...by, state: "denied", reason: decision.reason ?? null };
    case "answer":
      return { ...request, ...by, state: "answered", output: decision.output };
    case "skip":
      return { ...request, ...by, state: "skipped" };
  }
}
