/** Loads the models of the catalog (model-catalog.ts) when they are used: in the worker, and in the app for a head start. */
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { wrapLanguageModel } from "ai";
import { type CatalogEntry, FIRST_LISTED, modelCatalog, type ModelInfo } from "@/lib/agent/model-catalog";
import { env } from "@/lib/env";
import { withUniqueCallIds } from "./call-ids";
import { demoModel } from "./demo/model";
import { compatibleFetch } from "./providers/compatible-fetch";
import { neverEmpty } from "./providers/never-empty";
import { plainRoles } from "./providers/plain-roles";
import { ModelSetupError } from "./providers/setup-error";
import { thinkTags } from "./providers/think-tags";

export type ResolvedModel = ModelInfo & { model: LanguageModelV4 };

/** The model of that id. One that is not configured any more gives way to the default, so an old chat goes on. */
export async function resolveModel(id?: string | null): Promise<ResolvedModel> {
  const configured = modelCatalog();
  const entry = configured.find((candidate) => candidate.id === id) ?? configured[0];
  if (!entry) throw new Error("No model is configured.");
  const loaded = await load(entry);
  const model = entry.provider === "demo" ? loaded : wrapLanguageModel({ model: loaded, middleware: real });
  return { id: entry.id, label: entry.label, model: withUniqueCallIds(reportingCuts(model)) };
}

/** What real models send and take, whoever serves them. The first is the outermost. */
const real = [plainRoles, neverEmpty, thinkTags];

/**
 * A connection that breaks in the middle of an answer is thrown right through the AI SDK and would end the turn with
 * the raw error as its text. As a part of the stream it takes the way of every other failure: what was written stays,
 * and `describeError` finds the words.
 */
function reportingCuts(model: LanguageModelV4): LanguageModelV4 {
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: "v4",
      async wrapStream({ doStream, params }) {
        const result = await doStream();
        return { ...result, stream: withCutsAsParts(result.stream, params.abortSignal) };
      },
    },
  });
}

function withCutsAsParts(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  signal: AbortSignal | undefined,
): ReadableStream<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (signal?.aborted) return controller.error(error);
        controller.enqueue({ type: "error", error });
        controller.enqueue({
          type: "finish",
          finishReason: { unified: "error", raw: "cut" },
          usage: unknownUsage,
        });
        controller.close();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

const unknownUsage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

type CompatibleUsage = {
  prompt_tokens?: number | null | undefined;
  completion_tokens?: number | null | undefined;
  prompt_tokens_details?: { cached_tokens?: number | null | undefined } | null | undefined;
  completion_tokens_details?: { reasoning_tokens?: number | null | undefined } | null | undefined;
};

/** What a server leaves empty is not known. The provider's package would count it as nothing. */
function reportedUsage(usage: CompatibleUsage | null | undefined): LanguageModelV4Usage {
  const [input, output] = [usage?.prompt_tokens ?? undefined, usage?.completion_tokens ?? undefined];
  const cached = usage?.prompt_tokens_details?.cached_tokens ?? undefined;
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? undefined;
  return {
    inputTokens: {
      total: input,
      noCache: input === undefined ? undefined : input - (cached ?? 0),
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning,
    },
  };
}

async function load({ provider, name }: CatalogEntry): Promise<LanguageModelV4> {
  switch (provider) {
    case "gateway": {
      const { gateway } = await import("ai");
      return gateway(name);
    }
    case "anthropic": {
      dropEmpty("ANTHROPIC_BASE_URL");
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic()(name);
    }
    case "openai": {
      dropEmpty("OPENAI_BASE_URL");
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI()(name);
    }
    case "compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const baseURL = env.OPENAI_BASE_URL ?? "";
      const apiKey = env.OPENAI_API_KEY;
      const server = createOpenAICompatible({
        name: "compatible",
        baseURL,
        includeUsage: true,
        fetch: compatibleFetch,
        convertUsage: reportedUsage,
        ...(apiKey ? { apiKey } : {}),
      });
      const modelName = name === FIRST_LISTED ? await firstModelOf(baseURL, apiKey) : name;
      return server(modelName);
    }
    case "demo":
      return demoModel();
  }
}

/** The packages take an empty variable, as a copied .env has it, for an address, and fail while they are loaded. */
function dropEmpty(variable: string): void {
  if (process.env[variable] === "") delete process.env[variable];
}

/** Local servers have one or a few models, under names that nobody wants to type. */
async function firstModelOf(baseURL: string, apiKey: string | undefined): Promise<string> {
  const address = `${baseURL.replace(/\/$/, "")}/models`;
  let listed: { data?: { id?: string }[] } | undefined;
  try {
    const response = await fetch(address, {
      headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) listed = (await response.json()) as typeof listed;
  } catch {
    // Not running, or not JSON: the sentence below covers both.
  }
  const first = listed?.data?.[0]?.id;
  if (!first)
    throw new ModelSetupError(
      "The model server at OPENAI_BASE_URL lists no model. Check that it runs, or set OPENAI_MODEL.",
    );
  return first;
}
