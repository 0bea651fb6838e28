/** One step of what the demo model does in an answer. */
export type Beat =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  /** One chunk per token, so that a test can say exactly what has to arrive. */
  | { type: "tokens"; tokens: Iterable<string> }
  | { type: "wait"; ms: number }
  | { type: "tool"; name: string; input: Record<string, unknown> }
  | { type: "fail"; message: string }
  | { type: "crash" };
