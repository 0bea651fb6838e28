/** The words in the columns of a request's row. */

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
/** Where a decision was made: by a person (in the card, the inbox, a one-time link, with a message), or by a rule. */
export type DecidedVia = "card" | "inbox" | "link" | "api" | "message" | "policy" | "timeout";
