import type { ChatFetchOverride } from "@trigger.dev/sdk/chat";

/** What the page knows of its line to the engine. */
export type Connection = "online" | "reconnecting";

const GIVE_UP_AFTER_MS = 120_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;

/**
 * `fetch` for the transport. An append that met a broken line is repeated with the same part id, which the engine
 * stores once, so a message is neither lost nor doubled. A stream is opened once: the transport reconnects by itself.
 */
export function patientFetch(onConnection: (connection: Connection) => void): ChatFetchOverride {
  return async (url, init, { endpoint }) => {
    if (endpoint !== "in") return watched(() => fetch(url, init), onConnection);
    return untilAnswered(() => watched(() => fetch(url, init), onConnection));
  };
}

async function watched(request: () => Promise<Response>, onConnection: (connection: Connection) => void) {
  try {
    const response = await request();
    onConnection(isOutage(response) ? "reconnecting" : "online");
    return response;
  } catch (error) {
    if (!isAbort(error)) onConnection("reconnecting");
    throw error;
  }
}

async function untilAnswered(request: () => Promise<Response>): Promise<Response> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      const response = await request();
      if (!isOutage(response) || Date.now() > deadline) return response;
    } catch (error) {
      if (isAbort(error) || Date.now() > deadline) throw error;
    }
    await backOnline(delay);
  }
}

/** Calls until the network answers. For idempotent calls only: server actions that start a chat or mint a token. */
export async function untilReached<T>(call: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() > deadline) throw error;
    }
    await backOnline(delay);
  }
}

/** The app answers 500 to 504 for an engine that is restarting; the engine itself never asks us to wait. */
function isOutage(response: Response): boolean {
  return response.status >= 500 && response.headers.get("x-should-retry") !== "false";
}

/** A `fetch` that met nobody, or (from a server action) a proxy's page instead of an answer. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && /unexpected response/i.test(error.message));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** The delay, or less when the browser reports that the network is back. */
function backOnline(delay: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    globalThis.addEventListener?.("online", done);
  });
}
