/** An error that a caller of the API can act on. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly code: string;
  /** The field of the body or the address that is wrong. */
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function chatNotFound(): ApiError {
  return new ApiError(
    404,
    "chat-not-found",
    "Chat not found. It may have been deleted or belong to someone else.",
  );
}
