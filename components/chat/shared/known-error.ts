/** An error whose message is a sentence for the person at the page. Messages of other errors are never shown. */
export class KnownError extends Error {
  override name = "KnownError";
}
