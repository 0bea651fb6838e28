import { sentenceOfLimit } from "@/lib/limit-words";

const messages = {
  "chat-not-found": "There is no such chat, or it is not yours.",
  "title-empty": "The title is empty. Write one, or press Escape to keep the old one.",
  "title-too-long": "The title is too long: 120 characters are the limit.",
  "nothing-to-share": "This chat has no message yet. Write one, then share it.",
  "too-many-links": "This chat has 50 links. Revoke one under Share before you make another.",
  "link-not-found": "There is no such link. It may already be revoked.",
  "not-confirmed": "Nothing was deleted: type the words exactly as they are shown.",
  "model-not-configured": "This model is not configured any more. Reload the page and choose another one.",
  "outcome-not-found": "There is nothing to settle here. Reload the page to see what is known.",
  "signed-out": "You are signed out. Reload the page to go on.",
};

export type ExpectedErrorCode = keyof typeof messages;

/** An error that a person may cause. In production Next hides an action's message from the browser, not its digest. */
export function expectedError(code: ExpectedErrorCode): Error {
  return Object.assign(new Error(messages[code]), { digest: `holdfast:${code}` });
}

/** Which of them an error is, and the status of a response that says so; undefined for any other error. */
export function readExpectedError(error: unknown) {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : "";
  const code = digest.replace("holdfast:", "");
  if (!Object.hasOwn(messages, code)) return undefined;
  const known = code as ExpectedErrorCode;
  return { code: known, message: messages[known], status: statusOf(known) };
}

/** What to tell the person about an error that an action or a read threw, in development and production alike. */
export function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : "";
  return sentenceOfLimit(`${digest} ${message}`) ?? readExpectedError(error)?.message ?? message;
}

function statusOf(code: ExpectedErrorCode): number {
  if (code === "signed-out") return 401;
  return code.endsWith("-not-found") ? 404 : 400;
}
