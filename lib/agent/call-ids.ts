/**
 * Ids of tool calls at the provider's edge. Some servers send none, and some begin to count anew in every answer
 * (`call_0`). Everything behind this file may take the id of a call for unique in its conversation.
 */
import type {
  LanguageModelV4,
  LanguageModelV4Content,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { createIdGenerator, wrapLanguageModel } from "ai";
import { withoutForgedMark } from "@/lib/chat/effects/marks";

/** Nine letters and digits: the strictest provider (Mistral) takes no other id back. */
const newCallId = createIdGenerator({ size: 9 });

export type CallIdOptions = {
  /** Gives every call an id of ours: for a model that cannot see all ids of the message its calls end up in. */
  always?: boolean;
};

/** The same model. A call whose id is empty, or is in the conversation or in this answer already, gets one of ours. */
export function withUniqueCallIds(
  model: LanguageModelV4,
  { always = false }: CallIdOptions = {},
): LanguageModelV4 {
  return wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: "v4",
      async wrapStream({ doStream, params }) {
        const rename = renameCalls(params.prompt, always);
        const result = await doStream();
        const stream = result.stream.pipeThrough(
          new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
            transform: (part, controller) => controller.enqueue(rename(part)),
          }),
        );
        return { ...result, stream };
      },
      async wrapGenerate({ doGenerate, params }) {
        const rename = renameCalls(params.prompt, always);
        const result = await doGenerate();
        return { ...result, content: result.content.map(rename) };
      },
    },
  });
}

/** One call of an answer. Calls that share an id of the provider's are told apart by their order. */
type Call = { id: string; isWritten: boolean; isMade: boolean; hasResult: boolean };

/** Renames the parts of one answer, which have to come in their order. */
function renameCalls(prompt: LanguageModelV4Prompt, always: boolean) {
  const taken = new Set(callIdsIn(prompt));
  const byProviderId = new Map<string, Call[]>();
  const callsOf = (given: string) => byProviderId.get(given) ?? [];

  function begin(given: string, isProviders = false): Call {
    // What the provider runs itself is known there by its id, and may come back from a prompt on purpose.
    const keeps = given !== "" && (isProviders || !(always || taken.has(given)));
    const call = { id: keeps ? given : newCallId(), isWritten: false, isMade: false, hasResult: false };
    taken.add(call.id);
    byProviderId.set(given, [...callsOf(given), call]);
    return call;
  }

  /** The call that a part is about. Undefined for one of an earlier answer. */
  function callOf(part: ToolPart): Call | undefined {
    if (part.type === "tool-input-start") return begin(part.id, part.providerExecuted);
    const calls = callsOf("toolCallId" in part ? part.toolCallId : part.id);
    if (part.type === "tool-input-end") return mark(calls, "isWritten");
    if (part.type === "tool-call")
      return mark(calls, "isMade") ?? mark([begin(part.toolCallId, part.providerExecuted)], "isMade");
    if (part.type === "tool-result" && !part.preliminary) return mark(calls, "hasResult") ?? calls.at(-1);
    return part.type === "tool-result" ? calls.find(({ hasResult }) => !hasResult) : calls.at(-1);
  }

  return <Part extends LanguageModelV4StreamPart | LanguageModelV4Content>(part: Part): Part => {
    if (!isToolPart(part)) return part;
    // The provider's own tools come in here, and may hold anything.
    const clean = part.type === "tool-result" ? { ...part, result: withoutForgedMark(part.result) } : part;
    const id = callOf(part)?.id;
    if (id === undefined) return clean;
    return "toolCallId" in part ? { ...clean, toolCallId: id } : { ...clean, id };
  };
}

/** The first call of which this was not so yet, and of which it is so now. */
function mark(calls: Call[], what: "isWritten" | "isMade" | "hasResult"): Call | undefined {
  const call = calls.find((each) => !each[what]);
  if (call) call[what] = true;
  return call;
}

type AnyPart = LanguageModelV4StreamPart | LanguageModelV4Content;
type ToolPart = Extract<AnyPart, { type: `tool-${string}` }>;

function isToolPart(part: AnyPart): part is ToolPart {
  return part.type.startsWith("tool-");
}

function callIdsIn(prompt: LanguageModelV4Prompt): string[] {
  return prompt.flatMap(({ role, content }) =>
    role === "assistant" || role === "tool"
      ? content.flatMap((part) => ("toolCallId" in part ? [part.toolCallId] : []))
      : [],
  );
}
