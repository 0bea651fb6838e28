/** What the demo model asks of a person, and what it says when they have decided. */
import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import type { Beat } from "./demo-scenarios";

type Call = Extract<Beat, { type: "tool" }>;

/** A request of this kind is a list of rounds: all calls of one are made at once, the next when they are decided. */
type Plan = { opening: string; rounds: Call[][]; closing: string };

/** Undefined when the request asks for nothing of the kind, or when all of it has been said. */
export function requestBeats(
  request: string,
  since: LanguageModelV4Prompt,
  tools: string[],
): Beat[] | undefined {
  const plan = planOf(request);
  if (!plan || plan.rounds.flat().some(({ name }) => !tools.includes(name))) return undefined;
  const results = since.flatMap((message) =>
    message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : [],
  );
  const done = plan.rounds.findIndex(
    (_, index) => results.length < plan.rounds.slice(0, index + 1).flat().length,
  );
  if (done === 0) return [{ type: "text", text: plan.opening }, ...plan.rounds[0]!];
  const latest = results.slice(plan.rounds.slice(0, done === -1 ? -1 : done - 1).flat().length);
  const report = latest.map(fromDecision).join("\n\n");
  const refused = latest.some((result) => !wentWell(result));
  if (done === -1) return [{ type: "text", text: `${report}${plan.closing && `\n\n${plan.closing}`}` }];
  if (refused) return [{ type: "text", text: `${report}\n\nSo I leave the rest as it is.` }];
  return [{ type: "text", text: `${report}\n\nNow the next step.` }, ...plan.rounds[done]!];
}

function planOf(request: string): Plan | undefined {
  const order = request.match(/\border\s+#?(\d{1,9})/i)?.[1] ?? "4417";
  const isRefund = /\brefund\b/i.test(request);
  const isMail = /\b(e-?mail|mail)\b/i.test(request);
  if (isRefund && isMail && /\bthen\b/i.test(request))
    return {
      opening: `First the money for order ${order}.`,
      rounds: [[refund(request, order)], [mail(order)]],
      closing: "",
    };
  if (isRefund && isMail)
    return {
      opening: "Both of these need your word.",
      rounds: [[refund(request, order), mail(order)]],
      closing: "",
    };
  if (isRefund)
    return {
      opening: `I can refund order ${order}. It needs your word.`,
      rounds: [[refund(request, order)]],
      closing: "",
    };
  if (isMail)
    return {
      opening: "I have written an e-mail. It goes out when you say so.",
      rounds: [[mail(order)]],
      closing: "",
    };
  if (/\bdelete\b.*\b(records|orders|customers|data)\b/i.test(request))
    return {
      opening: "That cannot be taken back, so I ask first.",
      rounds: [[deletion(request)]],
      closing: "",
    };
  if (/\b(delivery|deliver|ship)\b/i.test(request))
    return {
      opening: "I need to know where it should go.",
      rounds: [
        [
          {
            type: "tool",
            name: "askDelivery",
            input: { item: "the new lamp", why: "The courier needs all of it before the pickup." },
          },
        ],
      ],
      closing: "",
    };
  if (/\bask me\b.*\b(twice|two)\b/i.test(request))
    return {
      opening: "Two questions, one after the other.",
      rounds: [[lamp], [days]],
      closing: "That was all I wanted to know.",
    };
  if (/\bask me\b/i.test(request))
    return { opening: "One thing I cannot decide for you.", rounds: [[lamp]], closing: "" };
  return undefined;
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

function refund(request: string, orderId: string): Call {
  const named = request.match(
    /(?:€|\$|EUR|USD)?\s?(\d{1,6}(?:\.\d{1,2})?)\s?(?:€|\$|EUR|USD|euros?|dollars?)/i,
  )?.[1];
  const amount = named === undefined ? 89 : Number(named);
  return {
    type: "tool",
    name: "refund",
    input: { orderId, amount, currency: "EUR", reason: "damaged on arrival" },
  };
}

function mail(orderId: string): Call {
  return {
    type: "tool",
    name: "sendEmail",
    input: {
      to: "customer@example.com",
      subject: `Your order ${orderId}`,
      body: "We are sorry about the lamp. The money is on its way back to your card.",
    },
  };
}

function deletion(request: string): Call {
  const collection = request.match(/\b(records|orders|customers)\b/i)?.[1]?.toLowerCase() ?? "records";
  return { type: "tool", name: "deleteRecords", input: { collection, olderThanDays: 365 } };
}

function wentWell({ output }: LanguageModelV4ToolResultPart): boolean {
  if (output.type !== "json") return false;
  const value = output.value;
  return !(value !== null && typeof value === "object" && ("skipped" in value || "expired" in value));
}

/** One sentence on what became of a call. */
function fromDecision({ toolName, output }: LanguageModelV4ToolResultPart): string {
  if (output.type === "execution-denied")
    return `You did not allow \`${toolName}\`${output.reason ? ` ("${output.reason}")` : ""}, so I left it.`;
  if (output.type === "error-text" || output.type === "error-json")
    return `\`${toolName}\` failed: ${typeof output.value === "string" ? output.value : JSON.stringify(output.value)}`;
  const value =
    output.type === "json" && output.value !== null && typeof output.value === "object" ? output.value : {};
  if ("skipped" in value) return "You skipped that, so I go on without it.";
  if ("expired" in value) return "Nobody answered in time, so I go on without it.";
  if (toolName === "askQuestion") {
    const { optionIds, text } = value as { optionIds?: string[]; text?: string };
    const chosen = (optionIds ?? []).join(", ");
    return `Noted: ${[chosen && `you chose **${chosen}**`, text && `you said "${text}"`].filter(Boolean).join(", and ")}.`;
  }
  if (toolName === "askDelivery") {
    const { name, day, address } = value as { name?: string; day?: string; address?: { city?: string } };
    return `It goes to **${String(name)}** in ${String(address?.city)}, from ${String(day)} on.`;
  }
  return `Done with \`${toolName}\`:\n\n\`\`\`json\n${JSON.stringify(value, null, 2).slice(0, 1_000)}\n\`\`\``;
}
