/**
 * Whether a request that changes something comes from this site's own pages. Cookies go along with a request from any
 * site; a browser always says where one that is not a plain GET comes from.
 */
export function isSameOrigin(request: { headers: Headers }): boolean {
  const origin = request.headers.get("origin");
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  return origin !== null && URL.canParse(origin) && new URL(origin).host === host;
}
