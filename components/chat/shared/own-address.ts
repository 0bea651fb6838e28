/** Stands for the page's own origin where a URL has to be absolute. No host can have this name. */
export const OWN_ORIGIN = "https://own-origin.invalid";

/**
 * Whether showing this image fetches nothing from elsewhere: what the page holds already, or an address of its own
 * origin. An address that a model writes must not be fetched by showing it, or it carries the reader's words away.
 */
export function isOwnImage(url: string) {
  if (/^(data:image\/(png|jpeg|gif|webp|avif)[;,]|blob:)/i.test(url)) return true;
  return isOwnPath(url);
}

/** Whether this is a path on the page's own origin. */
export function isOwnPath(url: string) {
  // A browser reads `/\host` and `/<tab>/host` as another host, so ask its parser instead of guessing.
  return (
    url.startsWith("/") && URL.canParse(url, OWN_ORIGIN) && new URL(url, OWN_ORIGIN).origin === OWN_ORIGIN
  );
}
