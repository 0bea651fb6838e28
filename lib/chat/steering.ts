import type { UIMessage } from "ai";
import { parseUserMessage } from "./message";
import { isSteering } from "./steering-id";

/**
 * Whether the message may be put into a running answer: text of a user and nothing else. It goes past the gate of an
 * ordinary turn, so whatever else it is has to wait and go through that.
 */
export function maySteer(message: UIMessage): boolean {
  if (!isSteering(message)) return false;
  const { id: _, role, parts, ...rest } = message;
  if (Object.values(rest).some((value) => value !== undefined)) return false;
  try {
    return (
      parts.every((part) => part.type === "text") &&
      JSON.stringify(parseUserMessage(message).parts) === JSON.stringify(parts) &&
      role === "user"
    );
  } catch {
    return false;
  }
}
