/** What a save says of the chat itself: its status, its title, and the runtime's state. */
import type { TranscriptChange, TranscriptChangeReason } from "@trigger.dev/sdk/ai";
import { Prisma } from "@/prisma/generated/client";
import { messageText } from "../message";
import { plainLine } from "../plain-line";
import type { LockedChat } from "./changeset";
import type { ChatStatus } from "./queries";

export function nextStatus(current: string, reason: TranscriptChangeReason): ChatStatus {
  switch (reason) {
    case "turn-start":
      return "running";
    case "turn-complete":
    case "action":
      return "idle";
    case "turn-error":
      return "failed";
    case "compaction":
    case "recovery":
      return current as ChatStatus;
  }
}

export function stateOf(changes: TranscriptChange[]): {
  state?: Prisma.InputJsonValue | typeof Prisma.DbNull;
} {
  const change = changes.findLast((candidate) => candidate.op === "state");
  if (change?.op !== "state") return {};
  return { state: change.value === null ? Prisma.DbNull : (change.value as Prisma.InputJsonValue) };
}

const TITLE_LENGTH = 80;

export function titleOf(chat: Pick<LockedChat, "title">, changes: TranscriptChange[]): { title?: string } {
  if (chat.title !== null) return {};
  const first = changes.find((change) => change.op === "put" && change.message.role === "user");
  const line =
    first?.op === "put" ? plainLine(messageText(first.message).trim().split("\n")[0] ?? "") : undefined;
  if (!line) return {};
  const characters = [...new Intl.Segmenter().segment(line.slice(0, 1000))].map(({ segment }) => segment);
  return {
    title:
      characters.length > TITLE_LENGTH
        ? `${characters
            .slice(0, TITLE_LENGTH - 1)
            .join("")
            .trimEnd()}…`
        : line,
  };
}
