/** The demo model's requests to a person, and its sentences about their decisions. */
import { toolTitle } from "@/lib/agent/tool-schemas";
import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import { effectCalls, fromEffect } from "./effects";
import type { Beat } from "./beat";

type Call = Extract<Beat, { type: "tool" }>;

/** The calls of a round are made together; the next round follows their decisions. */
type Plan = { opening: string; rounds: Call[][] };

/**
 * The next step for a prompt that needs a person's decisions: the calls of a round, or the end. `since` is everything
 * after the prompt. Undefined if the prompt needs no decisions.
 */
export function requestBeats(
  request: string,
  since: LanguageModelV4Prompt,
  tools: string[],
): Beat[] | undefined {
  const plan = planOf(request, tools);
  if (!plan) return undefined;
  const results = since.flatMap((message) =>
    message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : [],
  );
  let taken = 0;
  let latest: LanguageModelV4ToolResultPart[] = [];
  for (const [index, round] of plan.rounds.entries()) {
    if (results.length < taken + round.length) {
      if (index === 0) return [text(plan.opening), ...round];
      if (!latest.every(wentWell)) break;
      return [text(`${report(latest)}\n\nNow the next step.`), ...round];
    }
    latest = results.slice(taken, taken + round.length);
    taken += round.length;
  }
  const rest =
    latest.every(wentWell) || taken === plan.rounds.flat().length ? "" : "\n\nSo I'll leave the rest.";
  return [text(report(latest) + rest)];
}

function planOf(request: string, tools: string[]): Plan | undefined {
  // Also without the tool: models try that, too, and hear that they can't.
  const tasks = tasksIn(request);
  if (tasks.length > 0) return { opening: "I'll delegate this.", rounds: [tasks] };
  const effects = effectCalls(request, tools);
  if (effects.length > 1 && /\bthen\b/i.test(request))
    return { opening: "One after the other.", rounds: effects.map((call) => [call]) };
  if (effects.length > 0)
    return {
      opening: effects.length > 1 ? "Let me see to all of it." : "Let me see to it.",
      rounds: [effects],
    };
  if (/\btwo sub-?agents\b/i.test(request) && tools.includes("delegate"))
    return {
      opening: "I'll hand this to the courier desk and the weather desk.",
      rounds: [[courier, forecast]],
    };
  if (/\b(sub-?agent|delegate)\b/i.test(request) && tools.includes("delegate"))
    return { opening: "I'll hand this to the courier desk.", rounds: [[courier]] };
  if (/\bcourier\b/i.test(request) && tools.includes("lookUp"))
    return { opening: "", rounds: [[routes], ...(tools.includes("askQuestion") ? [[days]] : [])] };
  if (/\b(delivery|deliver|ship)\b/i.test(request) && tools.includes("askDelivery"))
    return { opening: "I need to know where it should go.", rounds: [[delivery]] };
  if (!/\bask me\b/i.test(request) || !tools.includes("askQuestion")) return undefined;
  if (/\btwice\b/i.test(request))
    return { opening: "Two questions, one after the other.", rounds: [[lamp], [days]] };
  return { opening: "I need your choice on one thing.", rounds: [[lamp]] };
}

const lamp: Call = {
  type: "tool",
  name: "askQuestion",
  input: {
    question: "Which lamp should be sent instead?",
    options: [
      { id: "dune", label: "Dune lamp", description: "Same price, brass" },
      { id: "reef", label: "Reef lamp", description: "€ 12 less, which would be refunded" },
      { id: "wait", label: "Wait for the Arc lamp" },
    ],
    allowText: true,
  },
};

const days: Call = {
  type: "tool",
  name: "askQuestion",
  input: {
    question: "Which days suit the courier?",
    multiple: true,
    options: [
      { id: "mon", label: "Monday" },
      { id: "tue", label: "Tuesday" },
      { id: "wed", label: "Wednesday" },
    ],
  },
};

const courier: Call = {
  type: "tool",
  name: "delegate",
  input: { name: "Courier desk", task: "Find a courier day for the new lamp." },
};

const forecast: Call = {
  type: "tool",
  name: "delegate",
  input: { name: "Weather desk", task: "What is the weather in Oslo?" },
};

/** "Delegate to Courier desk: find a day", each task on a line of its own. */
function tasksIn(request: string): Call[] {
  return [...request.matchAll(/^delegate to ([^:\n]{1,60}):\s*(.+)$/gim)].map(([, name = "", task = ""]) => ({
    type: "tool",
    name: "delegate",
    input: { name: name.trim(), task: task.trim() },
  }));
}

const routes: Call = { type: "tool", name: "lookUp", input: { topic: "courier routes", step: 1 } };

const delivery: Call = {
  type: "tool",
  name: "askDelivery",
  input: { item: "the new lamp", why: "The courier needs all of it before the pickup." },
};

function wentWell({ output }: LanguageModelV4ToolResultPart): boolean {
  if (output.type !== "json") return false;
  const { value } = output;
  return !(value !== null && typeof value === "object" && ("skipped" in value || "expired" in value));
}

function report(results: LanguageModelV4ToolResultPart[]): string {
  return results.map(fromDecision).join("\n\n");
}

/** One sentence about the result of a call. */
function fromDecision(result: LanguageModelV4ToolResultPart): string {
  const { toolName, output } = result;
  if (output.type === "execution-denied")
    return `You declined the ${toolTitle(toolName).toLowerCase()}${output.reason ? ` ("${output.reason}")` : ""}, so I skipped it.`;
  const effect = fromEffect(result);
  if (effect !== undefined) return effect;
  if (output.type === "error-text") return `${toolTitle(toolName)} failed: ${output.value}`;
  const value =
    output.type === "json" && output.value !== null && typeof output.value === "object" ? output.value : {};
  if ("skipped" in value) return "You skipped that, so I'll continue without it.";
  if ("expired" in value) return "No one answered in time, so I'll continue without it.";
  if (toolName === "askQuestion") {
    const { optionIds = [], text: words } = value as { optionIds?: string[]; text?: string };
    const chosen = optionIds.join(", ");
    return `Noted: ${[chosen && `you chose **${chosen}**`, words && `you said "${words}"`].filter(Boolean).join(", and ")}.`;
  }
  if (toolName === "delegate") {
    const { from = "sub-agent", found, note } = value as { from?: string; found?: string; note?: string };
    const desk = from.toLowerCase();
    return found === undefined
      ? `The ${desk} found nothing. ${note ?? ""}`.trim()
      : `The ${desk} says: ${found}`;
  }
  if (toolName === "lookUp") return String((value as { finding?: string }).finding);
  const { name, day, address } = value as { name?: string; day?: string; address?: { city?: string } };
  return `It goes to **${String(name)}** in ${String(address?.city)}, from ${String(day)} on.`;
}

function text(value: string): Beat {
  return { type: "text", text: value };
}
