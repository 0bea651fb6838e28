const messages = {
  "chat-not-found": "There is no such chat, or it is not yours.",
  "model-not-configured": "This model is not configured any more. Reload the page and choose another one.",
  "signed-out": "You are signed out. Reload the page to go on.",
};

export type ExpectedErrorCode = keyof typeof messages;

/** An error that a person may cause. In production Next hides an action's message from the browser, not its digest. */
export function expectedError(code: ExpectedErrorCode): Error {
  return Object.assign(new Error(messages[code]), { digest: `holdfast:${code}` });
}

/** What to tell the person about an error that an action threw, in development and production alike. */
export function describeError(error: unknown): string {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : "";
  const code = digest.replace("holdfast:", "") as ExpectedErrorCode;
  return messages[code] ?? (error instanceof Error ? error.message : String(error));
}
