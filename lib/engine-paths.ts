/**
 * The engine routes that the app forwards for browsers: reading one's own session, following its answers, and appending
 * to its input. The app's server and the workers use the other routes, and call the engine directly.
 */
const BROWSER_PATHS = [
  ["GET", /^\/api\/v1\/sessions\/[^/]+$/],
  ["GET", /^\/realtime\/v1\/sessions\/[^/]+\/out$/],
  ["POST", /^\/realtime\/v1\/sessions\/[^/]+\/in\/append$/],
  // A side channel, such as the progress of a job. What may be read or written there, the token says.
  ["GET", /^\/realtime\/v1\/sessions\/[^/]+\/channels\/[^/]+\/out$/],
  ["POST", /^\/realtime\/v1\/sessions\/[^/]+\/channels\/[^/]+\/in\/append$/],
] as const;

/** `path` as the engine's routes name it, still percent-encoded. */
export function isForBrowsers(method: string, path: string): boolean {
  return BROWSER_PATHS.some(([allowed, pattern]) => allowed === method && pattern.test(path));
}

/** On every response under `/engine`, so that none of them can act as a page of this origin. */
export const INERT_HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
};
