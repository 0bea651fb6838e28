/**
 * Which models there are, by what the environment has:
 *
 * | variable | models | choose with |
 * | --- | --- | --- |
 * | `AI_GATEWAY_API_KEY` | Vercel AI Gateway | `AI_GATEWAY_MODEL` |
 * | `ANTHROPIC_API_KEY` | Anthropic | `ANTHROPIC_MODEL` |
 * | `OPENAI_API_KEY` | OpenAI | `OPENAI_MODEL` |
 * | `OPENAI_BASE_URL` | any OpenAI-compatible server (Ollama, vLLM, LM Studio), `OPENAI_API_KEY` is then its key | `OPENAI_MODEL`, else the first that the server lists |
 * | none of them | the demo model | |
 *
 * The choice is one name or several with commas between them; the first of all is the default. The catalog has names
 * only, so a page can list the models without loading a provider; lib/agent/models.ts loads them.
 */
import { env } from "../env";

export type ModelInfo = { id: string; label: string };

type Provider = "gateway" | "anthropic" | "openai" | "compatible";
/** A model that is configured, and who serves it under which name. */
export type CatalogEntry = ModelInfo & { provider: Provider | "demo"; name: string };

/** Stands for the first model that an own server lists. */
export const FIRST_LISTED = "auto";

const names: Record<
  Provider,
  { title: string; variable: "AI_GATEWAY_MODEL" | "ANTHROPIC_MODEL" | "OPENAI_MODEL"; fallback: string }
> = {
  gateway: { title: "AI Gateway", variable: "AI_GATEWAY_MODEL", fallback: "anthropic/claude-sonnet-5.5" },
  anthropic: { title: "Anthropic", variable: "ANTHROPIC_MODEL", fallback: "claude-sonnet-5-5" },
  openai: { title: "OpenAI", variable: "OPENAI_MODEL", fallback: "gpt-5.6" },
  compatible: { title: "Own server", variable: "OPENAI_MODEL", fallback: FIRST_LISTED },
};

/** What a model picker shows, without secrets. The first is the default. */
export function availableModels(): ModelInfo[] {
  return modelCatalog().map(({ id, label }) => ({ id, label }));
}

/** The models that are configured, the default first. Without any, the demo model. */
export function modelCatalog(): CatalogEntry[] {
  const providers: Provider[] = [];
  if (env.AI_GATEWAY_API_KEY) providers.push("gateway");
  if (env.ANTHROPIC_API_KEY) providers.push("anthropic");
  // With a base URL the key is for that server, and must not be tried on another.
  if (env.OPENAI_BASE_URL) providers.push("compatible");
  else if (env.OPENAI_API_KEY) providers.push("openai");
  const found = providers.flatMap((provider) => {
    const { title, variable, fallback } = names[provider];
    const list = env[variable];
    return (list.length > 0 ? list : [fallback]).map((name) => ({
      provider,
      name,
      id: `${provider}/${name}`,
      label: `${name} · ${title}`,
    }));
  });
  return found.length > 0
    ? found
    : [{ provider: "demo", name: "demo", id: "demo", label: "Demo model (scripted)" }];
}
