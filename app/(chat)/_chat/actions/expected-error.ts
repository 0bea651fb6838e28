import { KnownError } from "@/components/chat/shared/known-error";
import { findLimitMessage } from "@/lib/http/limit-messages";

const messages = {
  "chat-not-found": "Chat not found. It may have been deleted or belong to someone else.",
  "message-not-found": "This message is not part of this chat. Reload the page to see the latest version.",
  "answer-running": "An answer is being written here. Wait until it's finished, or stop it first.",
  "move-misshapen":
    "`move` is not a step through this chat's versions, so nothing was changed. Reload the page and try again.",
  "title-empty": "The title is empty. Write one, or press Escape to keep the old one.",
  "title-too-long": "The title is too long. Use at most 120 characters.",
  "nothing-to-share": "This chat has no messages yet. Send one, then share it.",
  "too-many-links": "This chat already has 50 links. Revoke one under Share to create another.",
  "link-not-found": "Link not found. It may already be revoked.",
  "key-not-found": "API key not found. Reload the page to see your keys.",
  "not-confirmed": "Nothing was deleted. Type the words exactly as shown.",
  "model-not-configured": "This model is no longer available. Reload the page and choose another one.",
  "outcome-not-found": "There is nothing to confirm here. Reload the page to see the latest state.",
  "job-not-found": "This job isn't known anymore. Ask for it again to start it.",
  "signed-out": "You're signed out. Reload the page to continue.",
};

export type ExpectedErrorCode = keyof typeof messages;

/**
 * An error that people can cause. In production Next hides an action's message from the browser, but not its digest.
 */
export function expectedError(code: ExpectedErrorCode): Error {
  return Object.assign(new Error(messages[code]), { digest: `holdfast:${code}` });
}

/** The code of an expected error and the matching HTTP status; undefined for any other error. */
export function readExpectedError(error: unknown) {
  const code = digestOf(error).replace("holdfast:", "");
  if (!Object.hasOwn(messages, code)) return undefined;
  const known = code as ExpectedErrorCode;
  return { code: known, message: messages[known], status: statusOf(known) };
}

function statusOf(code: ExpectedErrorCode): number {
  if (code === "signed-out") return 401;
  if (code === "answer-running") return 409;
  return code.endsWith("-not-found") ? 404 : 400;
}

function digestOf(error: unknown): string {
  return error instanceof Error && "digest" in error ? String(error.digest) : "";
}

/** Maps the engine's status to an error that people can act on. */
const byStatus: Record<number, string> = {
  401: "You're signed out. Reload the page to continue.",
  403: "You're signed out. Reload the page to continue.",
  409: "This chat is closed. Start a new one.",
  413: "This is too large to send. Shorten it, or remove a file.",
  429: "Too many requests. Wait a moment, then try again.",
};

const UNREACHABLE = "Can't reach the server. Check your connection and try again.";
const UNKNOWN = "Something went wrong. Nothing was lost. Try again, or reload the page.";

/**
 * The sentence to show for an error, in development and production alike. Only sentences written for the page are
 * shown: errors of a library, the engine or the browser are for developers.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return UNKNOWN;
  if (error instanceof KnownError) return error.message;
  const sentence =
    readExpectedError(error)?.message ?? findLimitMessage(`${digestOf(error)} ${error.message}`);
  if (sentence !== undefined) return sentence;
  const status = "status" in error ? Number(error.status) : undefined;
  if (status !== undefined && status >= 500) return UNREACHABLE;
  if (status !== undefined) return byStatus[status] ?? UNKNOWN;
  // The network failed, or a proxy answered with a page of its own.
  if (error instanceof TypeError || /unexpected response/i.test(error.message)) return UNREACHABLE;
  return UNKNOWN;
}
