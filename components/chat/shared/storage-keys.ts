export const DRAFT = "holdfast:draft:";
export const DRAFT_FILES = "holdfast:draft-files:";
export const QUEUE = "holdfast:queue:";

/** The key in this browser's storage. `new`: a chat that has no address yet. */
export const keyOf = {
  draft: (chat: string) => `${DRAFT}${chat}`,
  draftFiles: (chat: string) => `${DRAFT_FILES}${chat}`,
  queue: (chat: string) => `${QUEUE}${chat}`,
};
