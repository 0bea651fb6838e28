import type { ChatFetchOverride } from "@trigger.dev/sdk/chat";
import { retry } from "../../shared/retry";

/** The state of the connection to the engine. */
export type Connection = "online" | "reconnecting";

const PAUSES = { firstDelayMs: 250, longestDelayMs: 4_000, giveUpAfterMs: 120_000 };
/** The engine answers an append within seconds, or refuses it. */
const ANSWER_WITHIN_MS = 10_000;
/** An idle stream is pinged every 5 to 15 s, so a longer silence means that the connection is dead. */
const SILENCE_MS = 25_000;

type Timeouts = { answerWithinMs?: number; silenceMs?: number };

export type RetryingFetch = ChatFetchOverride & {
  /** Ends retries: an append that fails now is not repeated. */
  giveUp(): void;
  /** Aborted by the next `giveUp`. */
  signal(): AbortSignal;
};

/**
 * `fetch` for the transport. A failed append is repeated with the same part id, which the engine stores once, so a
 * message is neither lost nor doubled. A message's part id is its own id, so it is also stored once when a person sends
 * it again or after a reload. A stream is opened once, because the transport reconnects by itself.
 *
 * A connection can also die silently (another network, a laptop that slept), and a browser notices that after minutes.
 * Silence therefore counts as a failure, for both.
 */
export function retryingFetch(
  onConnection: (connection: Connection) => void,
  { answerWithinMs = ANSWER_WITHIN_MS, silenceMs = SILENCE_MS }: Timeouts = {},
): RetryingFetch {
  let wanted = new AbortController();
  const retrying: ChatFetchOverride = async (url, init, { endpoint }) => {
    const request = (its: RequestInit) =>
      watched(() => answeredWithin(answerWithinMs, url, its), onConnection);
    if (endpoint === "in") {
      const sent = { ...withOwnPartId(init), keepalive: isSmall(init.body) };
      return untilAnswered(() => request(sent), wanted.signal);
    }
    return notSilent(await request(init), silenceMs, () => onConnection("reconnecting"));
  };
  return Object.assign(retrying, {
    giveUp() {
      wanted.abort();
      wanted = new AbortController();
    },
    signal: () => wanted.signal,
  });
}

/** Whether a browser will finish sending it while the page is closed (`keepalive` has a size limit). */
function isSmall(body: RequestInit["body"]): boolean {
  return typeof body === "string" && body.length < 8_000;
}

function withOwnPartId(init: RequestInit): RequestInit {
  const id = messageIdOf(init.body);
  if (id === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set("x-part-id", `message-${id}`);
  return { ...init, headers };
}

/** The id of a person's message. Other inputs have no id of their own. */
function messageIdOf(body: RequestInit["body"]): string | undefined {
  if (typeof body !== "string") return undefined;
  try {
    const { payload } = JSON.parse(body) as {
      payload?: { trigger?: string; message?: { id?: string; role?: string } };
    };
    const isQuestion = payload?.trigger === "submit-message" && payload.message?.role === "user";
    return isQuestion ? payload.message?.id : undefined;
  } catch {
    return undefined;
  }
}

/** Fails when nothing comes back in time, with an error that is no abort. */
async function answeredWithin(ms: number, url: string, init: RequestInit): Promise<Response> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), ms);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout.signal]) : timeout.signal;
  try {
    return await fetch(url, { ...init, signal });
  } catch (error) {
    if (!timeout.signal.aborted || init.signal?.aborted) throw error;
    throw new TypeError(`No answer within ${ms / 1000} s`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Fails the body after a silence without pings. The transport then reconnects at its cursor. */
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

class Outage extends Error {
  readonly response: Response;
  constructor(response: Response) {
    super(`The engine could not be reached (${response.status}).`);
    this.response = response;
  }
}

async function untilAnswered(request: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  try {
    return await retry(
      async () => {
        const response = await request();
        if (isOutage(response)) throw new Outage(response);
        return response;
      },
      { ...PAUSES, signal, decide: (error) => (isAbort(error) ? "give up" : "again") },
    );
  } catch (error) {
    if (error instanceof Outage) return error.response;
    throw error;
  }
}

/** Retries until the server is reached. For calls only that are safe to repeat. */
export function untilReached<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return retry(call, { ...PAUSES, signal, decide: (error) => (isUnreachable(error) ? "again" : "give up") });
}

/** The app answers 500 to 504 while the engine restarts. The engine itself marks errors that a retry won't help. */
function isOutage(response: Response): boolean {
  return response.status >= 500 && response.headers.get("x-should-retry") !== "false";
}

/** A `fetch` without a reply, or a proxy's page instead of a server action's result. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && /unexpected response/i.test(error.message));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
