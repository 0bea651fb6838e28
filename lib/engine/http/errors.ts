import { json, type Reply } from "./reply";

/** An error that knows its HTTP status. Handlers throw it; `renderError` alone turns it into a response. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  /** More top-level fields of the error body (`closedReason`, `seq_num_mismatch`, ...). */
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    message: string,
    options: { code?: string; details?: Record<string, unknown>; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.code = options.code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The error body that the clients of a route expect. */
export type ErrorShape = "api" | "append" | "s2";

export function renderError(error: HttpError, shape: ErrorShape): Reply {
  const code = error.code === undefined ? {} : { code: error.code };
  // Clients retry 408, 409, 429 and 5xx on their own; only these three can succeed on a retry.
  const retryable = error.status === 408 || error.status === 429 || error.status === 503;
  const headers: Record<string, string> = retryable ? {} : { "x-should-retry": "false" };
  if (error.retryAfterSeconds !== undefined) headers["retry-after"] = String(error.retryAfterSeconds);
  switch (shape) {
    case "api":
      return json(error.status, { error: error.message, ...code, ...error.details }, headers);
    case "append":
      return json(error.status, { ok: false, error: error.message, ...code, ...error.details }, headers);
    case "s2":
      return json(error.status, s2ErrorBody(error));
  }
}

/** The S2 client recognizes a failed condition (412) by its own field instead of a code. */
export function s2ErrorBody(error: HttpError): Record<string, unknown> {
  if (error.status === 412) return error.details;
  return { code: error.code ?? "bad_request", message: error.message };
}
