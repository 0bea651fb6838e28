import type { UIMessage } from "ai";
import type { ChatCore } from "./core";
import { inputNumber } from "./cursors";
import type { Following } from "./following";
import type { RemoteWriters } from "./pages/remote-writers";
import type { SavedTranscript } from "./saved-transcript";

/**
 * Call this before something outside the page makes the agent continue, such as a decision. It resolves with a function
 * that follows the agent's next turn to its end.
 */
export async function expectTurn<M extends UIMessage>(
  core: ChatCore<M>,
  transcript: SavedTranscript<M>,
  following: Following<M>,
  remote: RemoteWriters<M>,
): Promise<() => Promise<void>> {
  await core.connected;
  // Loaded before the turn begins: afterwards it is unclear whether the turn is over or still to come.
  const { cursors: { lastOutEventId, lastInEventId } = {} } = await transcript.load();
  return async () => {
    // The tail may have reported the turn already. Then it is being followed, or is shown.
    if (await remote.isCatchingUp()) return remote.catchUp();
    if (transcript.answeredInput > inputNumber(lastInEventId)) return;
    core.dispatch({ type: "outcome", outcome: undefined });
    const { chatId, transport } = core;
    transport.setSession(chatId, {
      publicAccessToken: transport.getSession(chatId)?.publicAccessToken ?? "",
      ...(lastOutEventId === undefined ? {} : { lastEventId: lastOutEventId }),
      activeInputSeq: inputNumber(lastInEventId) + 1,
      isStreaming: true,
    });
    await following.resume({ settle: () => "turn" });
  };
}
