import "server-only";
/**
 * Who is at the other end of a request. `X-Forwarded-*` is whatever its sender wrote, so it counts only when the
 * connection comes from a proxy that `TRUSTED_PROXY` names; on Vercel its own proxy sets it.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { addressKey, isInRanges } from "./addresses";
import { env } from "@/lib/env";

/** The address that limits count by. For IPv6 it is the /64 network, because one customer has all of that. */
export function clientAddress({ headers }: { headers: Headers }): string {
  // `cleanForwardedHeaders`, or the platform, has put the client first.
  return addressKey(headers.get("x-forwarded-for")?.split(",")[0]?.trim() ?? "");
}

/**
 * Cleans the headers of every request before anybody reads them, so that Next, the sign-in library and our own code
 * agree on what they say. Called once, when the server starts.
 */
export function watchForwardedHeaders(): void {
  const shared = globalThis as { holdfastForwarded?: true };
  if (env.VERCEL || shared.holdfastForwarded) return;
  shared.holdfastForwarded = true;
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    cleanForwardedHeaders(request.headers, request.socket.remoteAddress ?? "", env.TRUSTED_PROXY);
  });
}

/** Leaves `X-Forwarded-For` with the client's address alone, and the other forwarded headers only from a trusted proxy. */
function cleanForwardedHeaders(headers: IncomingHttpHeaders, peer: string, trusted: readonly string[]): void {
  const isTrusted = isInRanges(peer, trusted);
  const named = isTrusted ? addressesIn(headers["x-forwarded-for"]) : [];
  if (!isTrusted) {
    for (const name of Object.keys(headers))
      if (name.startsWith("x-forwarded-") || name === "forwarded" || name === "x-real-ip")
        delete headers[name];
  }
  // Each proxy appends who called it: the client is the last one that is no proxy of ours.
  headers["x-forwarded-for"] = named.findLast((address) => !isInRanges(address, trusted)) ?? named[0] ?? peer;
}

function addressesIn(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((line) => line.split(","))
    .map((address) => address.trim().replace(/^\[?([^\]]*?)\]?(?<=\]|^[\d.]+):\d+$/, "$1"))
    .filter(Boolean);
}
