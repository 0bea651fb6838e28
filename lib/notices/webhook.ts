/** Posts signed messages to another service. Its address is checked when the connection is made, not before. */
import { createHmac } from "node:crypto";
import { lookup as lookUpName } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { retry } from "@/lib/db/retry";
import { isInRanges, isPublicAddress } from "@/lib/http/addresses";

export type Webhook = { url: string; secret: string };

export type WebhookOptions = {
  /** Whether the service may run on this machine. Default: in development only. */
  allowLoopback?: boolean;
  timeoutMs?: number;
  /** The delays before the second and further attempts. */
  retryDelaysMs?: number[];
  now?: () => Date;
};

const RETRY_DELAYS_MS = [500, 2_000];

/** Thrown when a retry would not help. */
class RefusedError extends Error {
  override name = "RefusedError";
}

/** Posts the text, with two retries. Rejects when the service does not accept it. */
export async function postWebhook(
  { url, secret }: Webhook,
  body: string,
  {
    allowLoopback = process.env.NODE_ENV !== "production",
    timeoutMs = 5_000,
    retryDelaysMs = RETRY_DELAYS_MS,
    now = () => new Date(),
  }: WebhookOptions = {},
): Promise<void> {
  const attempt = () => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "Holdfast",
      "holdfast-signature": signatureOf(secret, body, now()),
    };
    return post(new URL(url), body, headers, { allowLoopback, timeoutMs });
  };
  await retry(attempt, (error, number) => {
    const delay = retryDelaysMs[number - 1];
    if (error instanceof RefusedError || delay === undefined) throw error;
    return delay;
  });
}

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`, so that an old message can't be replayed as a new one. */
function signatureOf(secret: string, body: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

function post(
  url: URL,
  body: string,
  headers: Record<string, string | number>,
  { allowLoopback, timeoutMs }: Required<Pick<WebhookOptions, "allowLoopback" | "timeoutMs">>,
): Promise<void> {
  if (!/^https?:$/.test(url.protocol))
    throw new RefusedError(`The webhook's address begins with ${url.protocol}. Use http: or https:.`);
  const lookup = guardedLookup(allowLoopback);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // A host name is checked when it is resolved; an IP address is not resolved.
  if (isIP(host)) checkAddress(host, allowLoopback);
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const signal = AbortSignal.timeout(timeoutMs);
    // Redirects are not followed, because they would bypass the check. `agent: false` opens a new connection: a pooled one
    // was checked for another webhook.
    const sent = send(url, { method: "POST", headers, lookup, signal, agent: false }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) return resolve();
        const isPassing = status >= 500 || status === 429 || status === 408;
        const text = `The webhook returned status ${status}.`;
        reject(isPassing ? new Error(text) : new RefusedError(text));
      });
    });
    sent.on("error", (error) =>
      reject(signal.aborted ? new Error(`The webhook did not answer within ${timeoutMs} ms.`) : error),
    );
    sent.end(body);
  });
}

/** Resolves a name and checks the address that will be connected to. */
function guardedLookup(allowLoopback: boolean): LookupFunction {
  return (hostname, options, callback) =>
    lookUpName(hostname, { ...options, all: true }, (error, addresses) => {
      try {
        if (error) throw error;
        for (const { address } of addresses) checkAddress(address, allowLoopback);
        const [first] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, first!.address, first!.family);
      } catch (problem) {
        callback(problem as Error, []);
      }
    });
}

function checkAddress(address: string, allowLoopback: boolean): void {
  if (allowLoopback && isInRanges(address, ["loopback"])) return;
  // Private, link-local (which includes cloud metadata), reserved, or translated to one of those.
  if (!isPublicAddress(address))
    throw new RefusedError(`The webhook resolves to ${address}, which is not a public address.`);
}
