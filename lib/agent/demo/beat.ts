/** One step of the demo model's answer. */
export type Beat =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  /** One chunk per token, so that tests know exactly which chunks to expect. */
  | { type: "tokens"; tokens: Iterable<string> }
  | { type: "wait"; ms: number }
  | { type: "tool"; name: string; input: Record<string, unknown> }
  | { type: "fail"; message: string }
  | { type: "crash" };
