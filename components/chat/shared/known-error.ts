/** An error whose message is a sentence for the person at the page. Any other error's message is nobody's business. */
export class KnownError extends Error {
  override name = "KnownError";
}
