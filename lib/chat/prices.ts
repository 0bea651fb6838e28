/**
 * What a model costs, in US dollars per million tokens. Anthropic's and OpenAI's public price lists as of
 * September and June 2026. Providers change them, so `MODEL_PRICES` can replace them. A model that is in neither list
 * has no cost.
 */
import { env, type Env } from "../env";

export type Price = { input: number; cachedInput: number; output: number };

export type Usage = {
  inputTokens?: number | undefined;
  /** The part of the input that came from the provider's cache. */
  cachedInputTokens?: number | undefined;
  outputTokens?: number | undefined;
};

const listed: Record<string, Price> = {
  "claude-sonnet-5-5": { input: 2, cachedInput: 0.2, output: 10 },
  "claude-haiku-4-5": { input: 1, cachedInput: 0.1, output: 5 },
  "gpt-5.5": { input: 5, cachedInput: 0.5, output: 30 },
  "gpt-5.4": { input: 2.5, cachedInput: 0.25, output: 15 },
  demo: { input: 0, cachedInput: 0, output: 0 },
};

/**
 * Returns the price of `modelId` (`provider/name`), or undefined if it is unknown. A gateway writes versions with a dot.
 * Models on an own server never get a public price, whatever their names.
 */
export function priceOf(modelId: string, settings: Env = env): Price | undefined {
  const own = ownPrices(settings);
  const name = modelId.slice(modelId.lastIndexOf("/") + 1);
  for (const id of [modelId, name]) if (own && Object.hasOwn(own, id)) return own[id];
  if (modelId.startsWith("compatible/")) return undefined;
  for (const id of [name, name.replaceAll(".", "-")]) if (Object.hasOwn(listed, id)) return listed[id];
  return undefined;
}

/** In US dollars. Null if the price or the usage is unknown. */
export function costOf(price: Price | undefined, usage: Usage): number | null {
  const { inputTokens, cachedInputTokens = 0, outputTokens } = usage;
  if (!price || inputTokens === undefined || outputTokens === undefined) return null;
  const cached = Math.min(Math.max(0, cachedInputTokens), inputTokens);
  return (
    ((inputTokens - cached) * price.input + cached * price.cachedInput + outputTokens * price.output) /
    1_000_000
  );
}

/** An invalid list stops the start of the app. In a worker it is ignored, so that no answer fails because of it. */
function ownPrices(settings: Env): Record<string, Price> | undefined {
  try {
    const prices = Object.entries(settings.MODEL_PRICES ?? {});
    return Object.fromEntries(
      prices.map(([id, { input, cachedInput = input, output }]) => [id, { input, cachedInput, output }]),
    );
  } catch {
    return undefined;
  }
}
