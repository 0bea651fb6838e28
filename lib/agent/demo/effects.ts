/** The demo model's calls of tools with an effect, and its sentences about their results. */
import type { LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import { toolSchemas, toolTitle } from "@/lib/agent/tool-schemas";

type EffectTool = "refund" | "deleteRecords" | "sendEmail";
export type ToolBeat = { type: "tool"; name: EffectTool; input: Record<string, unknown> };

/** The calls that the prompt asks for, in the order of the tools. Missing arguments get defaults. */
export function effectCalls(request: string, tools: string[]): ToolBeat[] {
  const calls = [refund(request), deletion(request), email(request)];
  return calls.filter((call) => call !== undefined).filter(({ name }) => tools.includes(name));
}

const order = /\b[A-Z]{1,4}-?\d{1,12}\b/g;

function refund(request: string): ToolBeat | undefined {
  if (!/\brefund\b/i.test(request)) return undefined;
  const [, symbol, first, second, code] =
    request.match(
      /([€$£])\s?(\d+(?:\.\d{1,2})?)|(\d+(?:\.\d{1,2})?)\s?(EUR|USD|GBP|NOK|euros?|dollars?|pounds?|[€$£])/i,
    ) ?? [];
  const reason = request.match(/\bbecause\s+([^.!?\n]{1,200})/i)?.[1]?.trim();
  const input = {
    orderId: request.match(order)?.[0] ?? "A-1042",
    amount: Number(first ?? second ?? 20),
    currency: currencyOf(symbol ?? code ?? "EUR"),
    ...(reason === undefined ? {} : { reason }),
  };
  return { type: "tool", name: "refund", input };
}

function currencyOf(word: string): string {
  if (/^(\$|dollar)/i.test(word)) return "USD";
  if (/^(£|pound)/i.test(word)) return "GBP";
  return /^(€|euro)/i.test(word) ? "EUR" : word.toUpperCase();
}

function deletion(request: string): ToolBeat | undefined {
  const [, named] =
    request.match(/\bdelete\b[^.!?\n]{0,60}?\b(customers?|orders?|invoices?|logs?|records?)\b/i) ?? [];
  if (named === undefined) return undefined;
  const singular = named.toLowerCase().replace(/s$/, "");
  const collection = singular === "record" ? "customers" : `${singular}s`;
  const olderThan = request.match(/\b\d{4}-\d{2}-\d{2}\b/)?.[0];
  const ids = request.match(order) ?? ["C-17", "C-23"];
  return {
    type: "tool",
    name: "deleteRecords",
    input: { collection, ...(olderThan === undefined ? { ids } : { olderThan }) },
  };
}

function email(request: string): ToolBeat | undefined {
  if (!/\b(e-?mail|send|write to)\b/i.test(request)) return undefined;
  const named = request.match(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/)?.[0];
  const to = named ?? (/\bcustomer\b/i.test(request) ? "customer@example.com" : undefined);
  if (to === undefined) return undefined;
  const body = request.match(/\bthat\s+([^\n]{1,500})/i)?.[1]?.trim() ?? "Thank you for your patience.";
  return { type: "tool", name: "sendEmail", input: { to, subject: "Your request", body } };
}

/** A sentence about the result of a tool with an effect; undefined for other tools. */
export function fromEffect({ toolName, output }: LanguageModelV4ToolResultPart): string | undefined {
  if (
    output.type === "error-text" &&
    Object.hasOwn(toolSchemas, toolName) &&
    /^Whether /.test(output.value)
  ) {
    return `I don't know how the ${toolTitle(toolName).toLowerCase()} ended. ${output.value}`;
  }
  if (output.type !== "json" || typeof output.value !== "object" || output.value === null) return undefined;
  const { approvedInput, result } = output.value as { approvedInput?: unknown; result?: unknown };
  const value = (approvedInput === undefined ? output.value : result) as Record<string, unknown>;
  if (value.outcome === "happened")
    return `The ${toolTitle(toolName).toLowerCase()} went through. A person has checked.`;
  switch (toolName) {
    case "refund":
      return `I refunded **${String(value.amount)} ${String(value.currency)}** of order ${String(value.orderId)}. Reference \`${String(value.refundId)}\`. This is a demo: no money moved.`;
    case "deleteRecords": {
      const which = Array.isArray(value.ids) ? value.ids.join(", ") : `all before ${String(value.olderThan)}`;
      return `I deleted from the ${String(value.collection)}: ${which}. This is a demo: nothing real was deleted.`;
    }
    case "sendEmail":
      return `I sent the email "${String(value.subject)}" to ${String(value.to)}. This is a demo: it went nowhere.`;
    default:
      return undefined;
  }
}
