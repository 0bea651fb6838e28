/**
 * The id of a message that should reach the running answer instead of waiting for its end. The id says so because it is
 * the one thing that every place a message passes through keeps. The page makes such ids; the agent and SQL know them.
 */
import type { UIMessage } from "ai";

export const STEERING_PREFIX = "steer-";

export function steeringId(id: string): string {
  return `${STEERING_PREFIX}${id}`;
}

export function isSteering({ id }: Pick<UIMessage, "id">): boolean {
  return id.startsWith(STEERING_PREFIX);
}
