import { env } from "@/lib/env";

/**
 * Whether a request that changes something comes from this site's own pages. Cookies go along with a request from any
 * site; a browser always says where one that is not a plain GET comes from. The site's own address is the configured
 * one, because a proxy may pass on another `Host`; without one it is `Host`.
 */
export function isSameOrigin(request: { headers: Headers }): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || !URL.canParse(origin)) return false;
  const own = ownOrigin();
  if (own !== undefined && new URL(origin).origin === own) return true;
  // A developer's .env may hold the address of the site that is deployed.
  const isByHost = own === undefined || process.env.NODE_ENV === "development";
  return isByHost && new URL(origin).host === hostOf(request.headers);
}

/** This site's address, if it is configured. */
export function ownOrigin(): string | undefined {
  return env.BETTER_AUTH_URL && new URL(env.BETTER_AUTH_URL).origin;
}

function hostOf(headers: Headers): string | null {
  return headers.get("x-forwarded-host") ?? headers.get("host");
}
