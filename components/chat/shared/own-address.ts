/** A stand-in for the page's origin where a URL must be absolute. No real host has this name. */
export const OWN_ORIGIN = "https://own-origin.invalid";

/**
 * Returns true if showing this image contacts no other origin. Loading an address written by a model could leak the
 * reader's data.
 */
export function isOwnImage(url: string) {
  if (/^(data:image\/(png|jpeg|gif|webp|avif)[;,]|blob:)/i.test(url)) return true;
  return isOwnPath(url);
}

/** Returns true for a path on the page's own origin. */
export function isOwnPath(url: string) {
  // Browsers read `/\host` and `/<tab>/host` as another host, so this uses their URL parser.
  return (
    url.startsWith("/") && URL.canParse(url, OWN_ORIGIN) && new URL(url, OWN_ORIGIN).origin === OWN_ORIGIN
  );
}
