import type { Describe } from "../requests/save";

export type ReviveOptions = {
  /** Makes sure that the chat's session has a run: one that lives stays, one that is dead is replaced. */
  startSession: (chat: { chatId: string; userId: string }) => Promise<unknown>;
  /** What a tool's call asks of a person. */
  describe?: Describe;
};
