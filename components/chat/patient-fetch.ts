import type { ChatFetchOverride } from "@trigger.dev/sdk/chat";

/** What the page knows of its line to the engine. */
export type Connection = "online" | "reconnecting";

const GIVE_UP_AFTER_MS = 120_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** The engine answers at once, or says within seconds that it cannot. */
const ANSWER_WITHIN_MS = 10_000;
/** An idle stream gets a ping every 5 s: three missed in a row, and nobody is there any more. */
const SILENCE_MS = 15_000;

type Patience = { answerWithinMs?: number; silenceMs?: number };

/**
 * `fetch` for the transport. An append that met a broken line is repeated with the same part id, which the engine
 * stores once, so a message is neither lost nor doubled. A stream is opened once: the transport reconnects by itself.
 *
 * A line can also go dead without a word (another network, a laptop that slept), which a browser notices after
 * minutes. So both take silence for an answer.
 */
export function patientFetch(
  onConnection: (connection: Connection) => void,
  { answerWithinMs = ANSWER_WITHIN_MS, silenceMs = SILENCE_MS }: Patience = {},
): ChatFetchOverride {
  return async (url, init, { endpoint }) => {
    const request = () => watched(() => answeredWithin(answerWithinMs, url, init), onConnection);
    if (endpoint === "in") return untilAnswered(request);
    return notSilent(await request(), silenceMs, () => onConnection("reconnecting"));
  };
}

/** A connection that says nothing counts as broken: the caller must not take it for an abort of its own. */
async function answeredWithin(ms: number, url: string, init: RequestInit): Promise<Response> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), ms);
  const signal = init.signal ? AbortSignal.any([init.signal, impatience.signal]) : impatience.signal;
  try {
    return await fetch(url, { ...init, signal });
  } catch (error) {
    if (!impatience.signal.aborted || init.signal?.aborted) throw error;
    throw new TypeError(`No answer within ${ms / 1000} s`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Breaks the body off when nothing comes any more, not even a ping; the transport then reconnects at its cursor. */
function notSilent(response: Response, ms: number, onSilence: () => void): Response {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (!response.body || !isStream) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new TypeError(`The stream was silent for ${ms / 1000} s`)), ms);
      });
      silence.catch(onSilence);
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => {}); // What is broken off need not end well.
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
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
export function backOnline(delay: number): Promise<void> {
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
