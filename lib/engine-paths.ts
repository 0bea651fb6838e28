/**
 * What the app passes on to the embedded engine for a browser: reading one's own session, following its answers, and
 * appending to its input. Everything else of the engine's API is for the app's server and for workers, which call the
 * engine itself.
 */
const BROWSER_PATHS = [
  ["GET", /^\/api\/v1\/sessions\/[^/]+$/],
  ["GET", /^\/realtime\/v1\/sessions\/[^/]+\/out$/],
  ["POST", /^\/realtime\/v1\/sessions\/[^/]+\/in\/append$/],
] as const;

/** `path` as the engine's routes name it, still percent-encoded. */
export function isForBrowsers(method: string, path: string): boolean {
  return BROWSER_PATHS.some(([allowed, pattern]) => allowed === method && pattern.test(path));
}

/** On every answer under `/engine`: nothing that comes from there is a page of this origin. */
export const INERT_HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
};
