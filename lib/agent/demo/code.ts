/** The demo model's code: what it runs when asked to, and its sentences about the results. */
import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import type { Beat } from "./beat";

type Call = Extract<Beat, { type: "tool" }>;

/** The next step of an answer that runs code; undefined if the prompt doesn't ask for it. */
export function codeBeats(
  request: string,
  since: LanguageModelV4Prompt,
  tools: string[],
): Beat[] | undefined {
  if (!/\brun (?:this |the |some |my )?(?:code|javascript|typescript|python)\b/i.test(request))
    return undefined;
  if (!tools.includes("runCode")) return undefined;
  const given = fenced(request);
  const calls = given ? [given] : demonstration;
  const results = since.flatMap((message) =>
    message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : [],
  );
  const next = calls[results.length];
  if (next) {
    const opening = given ? "Let me run it." : "Let me compute that.";
    const between = "Now the same as a chart, with what the first call has defined.";
    return [{ type: "text", text: results.length === 0 ? opening : between }, next];
  }
  return [{ type: "text", text: given ? sentenceAbout(results.at(-1)!) : ending(results.at(-1)!) }];
}

/** The first code block of the prompt. */
function fenced(request: string): Call | undefined {
  const [, name = "", code] = /```([a-z]*)[^\n]*\n([\s\S]*?)(?:```|$)/i.exec(request) ?? [];
  if (code === undefined) return undefined;
  const language = /^py/i.test(name)
    ? "python"
    : /^(ts|typescript)$/i.test(name)
      ? "typescript"
      : "javascript";
  return { type: "tool", name: "runCode", input: { language, code: code.trimEnd() } };
}

const demonstration: Call[] = [
  {
    type: "tool",
    name: "runCode",
    input: {
      language: "typescript",
      code: `type Year = { year: number; slow: number; fast: number };

// 1,000 EUR, at 3 % and at 7 % interest.
const grow = (rate: number, years: number) => Math.round(1_000 * (1 + rate) ** years);

const years: Year[] = Array.from({ length: 21 }, (_, year) => ({
  year,
  slow: grow(0.03, year),
  fast: grow(0.07, year),
}));

const doubled = years.find(({ fast }) => fast >= 2_000)!;
console.log(\`At 7 % the money has doubled after \${doubled.year} years.\`);

years;`,
    },
  },
  {
    type: "tool",
    name: "runCode",
    input: {
      language: "javascript",
      code: `// \`years\` is still there: the calls of an answer share a sandbox.
({
  chart: "line",
  title: "1,000 EUR with interest",
  xLabel: "Years",
  yLabel: "EUR",
  x: years.map(({ year }) => year),
  series: [
    { name: "3 %", y: years.map(({ slow }) => slow) },
    { name: "7 %", y: years.map(({ fast }) => fast) },
  ],
})`,
    },
  },
];

function ending(result: LanguageModelV4ToolResultPart): string {
  const said = textOf(result);
  if (/^Failed/.test(said)) return `That didn't work. ${said}`;
  return "After 20 years there are **1,806 EUR** at 3 % and **3,870 EUR** at 7 %. Both were computed in a sandbox, without network or files.";
}

function sentenceAbout(result: LanguageModelV4ToolResultPart): string {
  const said = textOf(result);
  const shown = said.length > 400 ? `${said.slice(0, 400)}…` : said;
  return /^Failed/.test(said)
    ? `The code didn't finish. ${shown}`
    : `The code ran. It says:\n\n\`\`\`text\n${shown.replaceAll("```", "'''")}\n\`\`\``;
}

function textOf({ output }: LanguageModelV4ToolResultPart): string {
  return output.type === "text" || output.type === "error-text" ? output.value : JSON.stringify(output);
}
