/** What a model provider refused, as a sentence of ours: what happened, and who can do what. */
import { APICallError, InvalidResponseDataError, StreamProviderError } from "ai";

/** `StreamProviderError` is an error object that came in the middle of a stream. */
export type ProviderError = APICallError | InvalidResponseDataError | StreamProviderError;

export function isProviderError(error: unknown): error is ProviderError {
  return [APICallError, InvalidResponseDataError, StreamProviderError].some((kind) => kind.isInstance(error));
}

const BROKE = "The connection to the model provider broke. What was written is kept. Try again in a moment.";

/**
 * What providers say in their own words, whatever status they say it with: OpenAI, Anthropic, Google, Mistral, and the
 * servers that imitate them. The first that fits counts.
 */
const REASONS: [pattern: RegExp, sentence: string][] = [
  [
    /context_length_exceeded|context length|context window|prompt is too long|too many (?:input )?tokens|maximum.{0,20}tokens|exceeds? the.{0,30}token/i,
    "This conversation is too long for the model. Edit an earlier message to go on from there, or choose a model with more room.",
  ],
  [
    /insufficient_quota|exceeded your current quota|credit balance|plan and billing|out of credits|payment required/i,
    "The model provider's account has no credit left. The owner of this site has to top it up; you can choose another model.",
  ],
  [
    /content[_ ]filter|content_policy|content management policy|safety system|responsible ai/i,
    "The model provider's content filter refused this message. Rephrase it, or choose another model.",
  ],
  [
    /(?:not|n't) support (?:image|vision|file|multimodal|pdf)|image (?:input|_url)|image content|no endpoints found that support image/i,
    "This model can't read images or files. Choose another model, or ask again without the attachment.",
  ],
  [
    /(?:not|n't) support.{0,10}(?:tool|function)|tool use/i,
    "This model can't use tools. Choose another model.",
  ],
  [/overloaded/i, "The model provider is overloaded. Try again in a moment."],
];

export function describeProviderError(error: ProviderError): string {
  const reason = REASONS.find(([pattern]) => pattern.test(wordsOf(error)))?.[1];
  if (reason) return reason;
  return APICallError.isInstance(error) ? describeStatus(error.statusCode) : BROKE;
}

/** Never shown: they can quote a key or an address. */
function wordsOf(error: ProviderError): string {
  if (APICallError.isInstance(error))
    return error.statusCode === 200 ? "" : `${error.message}\n${error.responseBody ?? ""}`.slice(0, 20_000);
  return StreamProviderError.isInstance(error) ? [error.message, error.type, error.code].join("\n") : "";
}

function describeStatus(status: number | undefined): string {
  switch (status) {
    case undefined:
      return "The model provider could not be reached. Try again in a moment.";
    case 200:
      return BROKE;
    case 401:
    case 403:
      return "The model provider refused the server's key. The owner of this site has to check it.";
    case 402:
      return "The model provider's account has no credit left. The owner of this site has to top it up; you can choose another model.";
    case 404:
      return "The model provider doesn't know this model. Choose another one, or check its name in the server's settings.";
    case 413:
      return "This conversation is too long for the model. Edit an earlier message to go on from there, or choose a model with more room.";
    case 429:
      return "The model provider is limiting requests. Wait a moment and try again.";
    default:
      return status >= 500
        ? "The model provider has a problem of its own. Try again in a moment."
        : "The model provider did not accept the request. Try again, or choose another model.";
  }
}
