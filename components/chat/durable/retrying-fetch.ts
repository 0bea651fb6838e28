import type { ChatFetchOverride } from "@trigger.dev/sdk/chat";
import { backOnline } from "../shared/back-online";

/** What the page knows of its line to the engine. */
export type Connection = "online" | "reconnecting";

const GIVE_UP_AFTER_MS = 120_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** The engine answers at once, or says within seconds that it cannot. */
const ANSWER_WITHIN_MS = 10_000;
/** An idle stream is pinged every 5 to 15 s, at random: more than that without a word, and nobody is there any more. */
const SILENCE_MS = 25_000;

type Patience = { answerWithinMs?: number; silenceMs?: number };

export type PatientFetch = ChatFetchOverride & {
  /** What has not gone through by its present try is not tried again: the person does not want it any more. */
  giveUp(): void;
  /** Aborted by the next `giveUp`. */
  patience(): AbortSignal;
};

/**
 * `fetch` for the transport. An append that met a broken line is repeated with the same part id, which the engine
 * stores once, so a message is neither lost nor doubled. A message's part id is its own id: sent again by hand, or
 * after a reload, it is still stored once. A stream is opened once: the transport reconnects by itself.
 *
 * A line can also go dead without a word (another network, a laptop that slept), which a browser notices after
 * minutes. So both take silence for an answer.
 */
export function patientFetch(
  onConnection: (connection: Connection) => void,
  { answerWithinMs = ANSWER_WITHIN_MS, silenceMs = SILENCE_MS }: Patience = {},
): PatientFetch {
  let patience = new AbortController();
  const patiently: ChatFetchOverride = async (url, init, { endpoint }) => {
    const request = (its: RequestInit) =>
      watched(() => answeredWithin(answerWithinMs, url, its), onConnection);
    if (endpoint === "in") {
      const sent = { ...withOwnPartId(init), keepalive: isSmall(init.body) };
      return untilAnswered(() => request(sent), patience.signal);
    }
    return notSilent(await request(init), silenceMs, () => onConnection("reconnecting"));
  };
  return Object.assign(patiently, {
    giveUp() {
      patience.abort();
      patience = new AbortController();
    },
    patience: () => patience.signal,
  });
}

/** Small enough to be sent to its end while the page is being left; of large ones a browser takes few or none. */
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

/** Of a person's message; what a page sends besides has no id by which it could be known again. */
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

async function untilAnswered(request: () => Promise<Response>, patience: AbortSignal): Promise<Response> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  const isTooLate = () => patience.aborted || Date.now() > deadline;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    let outcome: { response: Response } | { error: unknown };
    try {
      outcome = { response: await request() };
    } catch (error) {
      outcome = { error };
    }
    if ("response" in outcome && !isOutage(outcome.response)) return outcome.response;
    if ("error" in outcome && isAbort(outcome.error)) throw outcome.error;
    if (!isTooLate()) await backOnline(delay, patience);
    if (!isTooLate()) continue;
    if ("response" in outcome) return outcome.response;
    throw outcome.error;
  }
}

/** Calls until the network answers. For idempotent calls only: server actions that start a chat or mint a token. */
export async function untilReached<T>(call: () => Promise<T>, patience?: AbortSignal): Promise<T> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() > deadline || patience?.aborted) throw error;
    }
    await backOnline(delay, patience);
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
