const OWN_ORIGIN = "https://own-origin.invalid";

/**
 * Whether showing this image fetches nothing from elsewhere: what the page holds already, or an address of its own
 * origin. An address that a model writes must not be fetched by showing it, or it carries the reader's words away.
 */
export function isOwnImage(url: string) {
  if (/^(data:image\/(png|jpeg|gif|webp|avif)[;,]|blob:)/i.test(url)) return true;
  // A browser reads `/\host` and `/<tab>/host` as another host, so it is asked and not guessed.
  return (
    url.startsWith("/") && URL.canParse(url, OWN_ORIGIN) && new URL(url, OWN_ORIGIN).origin === OWN_ORIGIN
  );
}
