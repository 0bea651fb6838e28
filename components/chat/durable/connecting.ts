import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import type { Following } from "./following";
import type { SavedTranscript } from "./saved-transcript";

/**
 * Gives the transport the session of the loaded page, then follows the running answer. An idle chat is resumed too,
 * because a question may have been sent just before the page was loaded. Resolves when the transport has the session,
 * and never rejects. Without `accessToken` the chat has no session yet, and this does nothing.
 */
export async function connect<M extends UIMessage>(
  core: ChatCore<M>,
  transcript: SavedTranscript<M>,
  following: Following<M>,
): Promise<void> {
  const { accessToken, pendingInput } = core.options;
  if (!accessToken) return;
  core.dispatch({ type: "connect" });
  const [token, pending] = await Promise.all([orElse(accessToken, null), orElse(pendingInput, [])]);
  const waiting = pending.filter(({ message }) => !core.has(message.id));
  if (waiting.length > 0) core.setMessages([...core.messages, ...waiting.map(({ message }) => message)]);
  // The engine refuses an empty token once, and `mintAccessToken` then gets a valid one.
  transcript.pointTransportAt(transcript.saved, { token: token ?? "", waitingSeq: waiting[0]?.seq });
  const isQuiet = transcript.saved.status !== "running" && waiting.length === 0;
  // A failed resume shows as the chat's error.
  if (core.isOpen) void following.resume({ isQuiet, isResumed: true });
  core.dispatch({ type: "connected" });
}

/**
 * The promise's value, or `missing` if it rejects. It doesn't use `promise.catch`, because `then` of a promise from a
 * server component returns nothing.
 */
async function orElse<T>(promise: Promise<T> | undefined, missing: T): Promise<T> {
  try {
    return (await promise) ?? missing;
  } catch {
    return missing;
  }
}
