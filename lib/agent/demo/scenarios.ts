/** The demo model's answers. A scenario is a list of beats; `model.ts` plays them. */
import { toolTitle } from "@/lib/agent/tool-schemas";
import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import type { Beat } from "./beat";
import { describeFile, isInlinedFile } from "./attachments";
import { codeBeats } from "./code";
import { demoPrompts } from "@/lib/agent/demo-prompts";
import { requestBeats } from "./requests";

export type Scenario = { beats: Beat[]; paceMs?: number };

export type SceneOptions = {
  prompt: LanguageModelV4Prompt;
  /** The names of the available tools. */
  tools: string[];
  /** This run replaced one that died, so a crash requested by the prompt has already happened. */
  recovered: boolean;
};

const MAX_COUNT = 100_000;

export function scenarioFor(options: SceneOptions): Scenario {
  const { prompt, tools, recovered } = options;
  const said = userTexts(prompt);
  const request = said.at(-1) ?? "";
  const paceMs = number(request, /\bat (\d{1,5}) ?ms\b/i);
  const attached = lastAttachments(prompt);
  const beats =
    // First, because code can contain any of the other words.
    codeBeats(request, sinceQuestion(prompt), tools) ??
    research(prompt, tools) ??
    requestBeats(request, sinceQuestion(prompt), tools) ??
    beatsFor(request, {
      said,
      answered: lastAnswer(prompt),
      attached,
      results: toolResults(prompt),
      tools,
      recovered,
    });
  const slow = paceMs === undefined && /\bslow/i.test(request) ? 250 : paceMs;
  return slow === undefined ? { beats } : { beats, paceMs: slow };
}

type Context = {
  said: string[];
  /** The answer before the prompt. */
  answered: string;
  /** A sentence about each file of the last prompt. */
  attached: string[];
  results: LanguageModelV4ToolResultPart[];
  tools: string[];
  recovered: boolean;
};

function beatsFor(request: string, context: Context): Beat[] {
  const event = eventBeats(request);
  if (event) return event;
  if (context.results.length > 0) return [text(context.results.map(fromResult).join("\n\n"))];
  if (/^\s*(go on|continue)\b/i.test(request)) {
    const rest = restOf(context);
    if (rest) return rest;
  }
  if (/\bcrash\b/i.test(request)) return crash(/\bevery time\b/i.test(request), context.recovered);
  const last = number(request, /\b(?:count (?:up )?to|numbered tokens)\s+(\d{1,9})/i);
  if (last !== undefined) return [{ type: "tokens", tokens: countTo(Math.min(last, MAX_COUNT)) }];
  const calls = toolCalls(request, context);
  const starts = calls.some((call) => call.type === "tool" && call.name === "longJob");
  if (calls.length > 0) return [text(starts ? "Let me start that." : "Let me look that up."), ...calls];
  if (context.attached.length > 0) return [text(context.attached.join("\n\n"))];
  const remembered = memory(request, context.said);
  if (remembered) return [text(remembered)];
  if (/\bwhat (did|have) i (say|said|ask|asked|write|written)\b|\bhistory\b/i.test(request))
    return [text(echo(context.said))];
  if (/\b(error|fail)\b/i.test(request)) return failure;
  if (/\b(think|reason)(ing)?\b/i.test(request))
    return [reasoning, text("I thought about it for a moment, and it shows above.")];
  if (/\bslow/i.test(request)) return [text(slowAnswer)];
  if (/\b(long|markdown|table|code|article|essay|guide|explain)\b/i.test(request)) return [text(longAnswer)];
  return [text(fallback(request))];
}

// ── Events ──

/** What an event is about, in a sentence. The real text is made by lib/events/event-message.ts. */
function eventBeats(request: string): Beat[] | undefined {
  const [, type, source, late] =
    /^Event (\S+) from ([a-z0-9-]+), \S+Z(?:, number \d+)?\.( It is late)?[^\n]*\n[^\n]*another service/.exec(
      request,
    ) ?? [];
  if (type === undefined) return undefined;
  const fields = [...request.matchAll(/^ {2}"([^"\n]{1,40})": ("[^"\n]{0,60}"|[-\d.]+|true|false)/gm)].slice(
    0,
    4,
  );
  const details = fields.map(([, name, value]) => `- ${name}: ${value}`).join("\n");
  const opening = late ? "Noted, although it came late" : "Noted";
  return [text(`${opening}: **${type}** from ${source}.${details && `\n\n${details}`}`)];
}

// ── Continue ──

/** The missing rest of the unfinished answer, word by word. */
function restOf(context: Context): Beat[] | undefined {
  const before = context.said.slice(0, -1);
  const question = before.at(-1);
  if (question === undefined) return undefined;
  const beats = beatsFor(question, { ...context, said: before });
  const whole = beats
    .flatMap((beat) => (beat.type === "text" ? [beat.text] : beat.type === "tokens" ? [...beat.tokens] : []))
    .join("");
  const said = context.answered.trimEnd();
  if (said === "" || !whole.startsWith(said) || whole.trimEnd() === said) return undefined;
  return [text(whole.slice(said.length))];
}

function lastAnswer(prompt: LanguageModelV4Prompt): string {
  const answer = prompt.findLast((message) => message.role === "assistant");
  return answer?.role === "assistant"
    ? answer.content.map((part) => (part.type === "text" ? part.text : "")).join("")
    : "";
}

// ── Count, fail, crash ──

function* countTo(last: number): Iterable<string> {
  for (let count = 0; count <= last; count++) yield count === 0 ? "0" : ` ${count}`;
}

const failure: Beat[] = [
  text("This answer begins well enough, and then "),
  {
    type: "fail",
    message: "The demo model failed on purpose. Nothing is lost: send it again, or ask something else.",
  },
];

function crash(always: boolean, recovered: boolean): Beat[] {
  const line = (count: number) => text(`${count}. Line ${count} of 10 was written by a living worker.\n`);
  const lines = Array.from({ length: 10 }, (_, index) => line(index + 1));
  const opening = text("My worker process dies in the middle of this list.\n\n");
  if (recovered && !always) {
    return [
      opening,
      ...lines,
      text("\nIt did die, and this is the whole answer: a new worker found the question and wrote it again."),
    ];
  }
  // The pause lets streamed chunks leave the process, as they would have in an ordinary answer.
  return [opening, ...lines.slice(0, 4), { type: "wait", ms: 250 }, { type: "crash" }, ...lines.slice(4)];
}

// ── Tools ──

function toolCalls(request: string, { said, tools }: Context): Beat[] {
  const calls: Beat[] = [];
  if (/\blong job\b/i.test(request) && tools.includes("longJob")) {
    const steps = number(request, /\b(\d{1,4}) steps\b/i) ?? 30;
    calls.push({ type: "tool", name: "longJob", input: { name: "Yearly report", steps } });
  }
  if (/\bweather\b/i.test(request) && tools.includes("weather")) {
    const named = request.match(
      /\b(?:in|for|of)\s+([\p{Lu}][\p{L}' -]*?)(?=[?.!,]|\s+(?:and|at|now|today|tomorrow)\b|$)/u,
    )?.[1];
    calls.push({
      type: "tool",
      name: "weather",
      input: { city: named?.trim() ?? facts(said).get("city") ?? "Oslo" },
    });
  }
  if (
    /\b(what time|the time|current time|date today|what day)\b/i.test(request) &&
    tools.includes("currentTime")
  ) {
    const zone = request.match(/\b[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+\b/)?.[0];
    calls.push({ type: "tool", name: "currentTime", input: zone ? { timeZone: zone } : {} });
  }
  return calls;
}

function fromResult({ toolName, output }: LanguageModelV4ToolResultPart): string {
  if (output.type === "error-text" || output.type === "error-json") {
    return `${toolTitle(toolName)} failed, so I can't tell: ${typeof output.value === "string" ? output.value : JSON.stringify(output.value)}`;
  }
  if (output.type === "execution-denied")
    return `You declined the ${toolTitle(toolName).toLowerCase()}, so I skipped it.`;
  const value =
    output.type === "json" && typeof output.value === "object"
      ? (output.value as Record<string, unknown>)
      : {};
  if (toolName === "weather") {
    return `In **${String(value.city)}** it is ${String(value.temperatureCelsius)} °C with ${String(value.conditions)}. The weather tool is a demo, so its numbers are made up.`;
  }
  if (toolName === "longJob")
    return `The job **${String(value.name)}** runs in the background now. Its card shows how far it is: reload, close the page, or cancel it there.`;
  if (toolName === "currentTime") return `It is **${String(value.time)}** (${String(value.timeZone)}).`;
  return `The tool \`${toolName}\` returned:\n\n\`\`\`json\n${JSON.stringify(output, null, 2).slice(0, 2_000)}\n\`\`\``;
}

// ── Several steps that can be steered ──

const LOOK_UPS = 3;

/** One lookup per step, so there is time to steer. Steering messages change the end. */
function research(prompt: LanguageModelV4Prompt, tools: string[]): Beat[] | undefined {
  const asked = prompt.findLastIndex(
    (message) => message.role === "user" && /\bresearch\b/i.test(userTexts([message]).join()),
  );
  if (asked === -1 || !tools.includes("lookUp")) return undefined;
  const since = prompt.slice(asked + 1);
  const done = since.flatMap((message) =>
    message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : [],
  ).length;
  const isOver = since.some(
    (message) =>
      message.role === "assistant" &&
      message.content.some((part) => part.type === "text" && /^In short/m.test(part.text)),
  );
  if (isOver) return undefined;
  const topic =
    userTexts([prompt[asked]!])[0]?.match(/\bresearch\s+(.{1,60}?)(?=\s+in\b|[.?!,\n]|$)/i)?.[1] ?? "it";
  if (done < LOOK_UPS) {
    const opening = done === 0 ? [text(`I look up ${topic} in ${LOOK_UPS} steps.`)] : [];
    return [...opening, { type: "tool", name: "lookUp", input: { topic, step: done + 1 } }];
  }
  const added = userTexts(since);
  const ending =
    added.length === 0
      ? ""
      : `\n\nYou added while I was at it: ${added.map((each) => `"${each}"`).join(", ")}. I took that up.`;
  return [text(`In short: all ${LOOK_UPS} sources agree about ${topic}.${ending}`)];
}

// ── Facts from this branch ──

const fact = /\b(?:my|the)\s+([a-z][a-z ]{0,30}?)\s+is\s+(?:called\s+)?([^.!?\n]{1,80})/giu;

/** The last statement on each subject in the shown branch. */
function facts(said: string[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const message of said) {
    if (isQuestion(message)) continue;
    for (const [, subject = "", value = ""] of message.matchAll(fact))
      known.set(subject.toLowerCase(), value.trim());
  }
  return known;
}

function isQuestion(message: string): boolean {
  return message.includes("?") || /^\s*(which|what|where|who|when|do you)\b/i.test(message);
}

function memory(request: string, said: string[]): string | undefined {
  if (!isQuestion(request)) {
    const noted = [...facts([request])];
    if (noted.length === 0) return undefined;
    return `Noted: ${noted.map(([subject, value]) => `your ${subject} is ${value}`).join(", and ")}. Ask me about it later.`;
  }
  const known = facts(said);
  for (const [subject, value] of known) {
    if (new RegExp(`\\b${subject}\\b`, "i").test(request)) return `Your ${subject} is ${value}.`;
  }
  const asked = request.match(
    /\b(?:which|what(?: is| was)?(?: my| the)?)\s+(city|name|colou?r|country|number|language)\b/i,
  )?.[1];
  return asked ? `You haven't told me your ${asked.toLowerCase()} in this branch.` : undefined;
}

function echo(said: string[]): string {
  const before = said.slice(0, -1);
  if (before.length === 0) return "This is the first thing you have said in this branch.";
  return `In this branch you have said:\n\n${before.map((message, index) => `${index + 1}. ${message.slice(0, 200)}`).join("\n")}`;
}

function userTexts(prompt: LanguageModelV4Prompt): string[] {
  return prompt.flatMap((message) =>
    message.role === "user"
      ? [
          message.content
            .flatMap((part) => (part.type === "text" && !isInlinedFile(part.text) ? [part.text] : []))
            .join("\n"),
        ]
      : [],
  );
}

function lastAttachments(prompt: LanguageModelV4Prompt): string[] {
  const question = prompt.findLast((message) => message.role === "user");
  return question ? question.content.flatMap((part) => describeFile(part) ?? []) : [];
}

function sinceQuestion(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  return prompt.slice(prompt.findLastIndex((message) => message.role === "user") + 1);
}

/** Results after the last prompt, so that an older tool call can't answer a newer one. */
function toolResults(prompt: LanguageModelV4Prompt): LanguageModelV4ToolResultPart[] {
  return sinceQuestion(prompt).flatMap((message) =>
    message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : [],
  );
}

function number(request: string, pattern: RegExp): number | undefined {
  const digits = request.match(pattern)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

// ── Texts ──

function text(value: string): Beat {
  return { type: "text", text: value };
}

const reasoning: Beat = {
  type: "reasoning",
  text: "The person wants to see me think. I only have a script, so I'll read it again, slowly.",
};

const slowAnswer =
  "This answer takes its time, one small piece after another, so that you can try things while it runs. Reload the page: " +
  "the text continues where it left off. Open the chat in a second tab: both stay in sync. Press Stop: the text so far is kept. " +
  "If you just wait, it ends here.";

const longAnswer = `## What makes a chat durable

A chat is durable when **nothing that was accepted can be lost**: not by a reload, not by a crash, not by a deploy.

### Three places, one truth

1. The *question* is in the database before any of its answer shows.
2. The *answer* goes to a stream with numbered records, so a reader can leave and come back.
3. The *cursor* says how far the database reflects that stream.

| What happens | What you see | What is lost |
| --- | --- | --- |
| You reload the page | The text continues | Nothing |
| The worker dies | The answer starts again | Nothing |
| The network drops | A short pause | Nothing |

### In code

\`\`\`ts
const { messages, cursors } = await loadTranscript(db, chatId);
// Messages and cursor are of the same moment: what follows the cursor is not in the messages yet.
subscribe(chatId, { after: cursors.lastOutEventId });
\`\`\`

> Deleting nothing is easier than restoring everything.

- Edit a question and the old one stays as a branch.
- Regenerate an answer and you can go back to the first.
- Close your laptop. The chat will still be here.

That is the whole idea. I am a demo model with a script, so I say the same every time; add a provider key to talk to a real one.`;

function fallback(request: string): string {
  const topic = request.trim().replaceAll(/\s+/g, " ").slice(0, 80);
  const suggestions = demoPrompts
    .map(({ prompt, description }) => `- **${prompt}**: ${description}`)
    .join("\n");
  return `I am the demo model: scripted and offline, so I can't really answer${topic ? ` "${topic}"` : ""}. Here is what I can show you:\n\n${suggestions}\n\nSet a provider key (see the README) and a real model takes over.`;
}
