/** The sandbox of E2B (https://e2b.dev): a small machine in the cloud, with Python and JavaScript. */
import { stripVTControlCharacters } from "node:util";
import type { Execution, Result, RunCodeOpts } from "@e2b/code-interpreter";
import type { CodeRunOutput } from "@/lib/agent/code-run";
import { asChart } from "./as-chart";
import { type CodeRequest, type CodeSandbox, codeLimits, refusal, refuseTooLong } from "./code-sandbox";
import { tableOf } from "./table-of";

/** What the adapter uses of E2B's sandbox. */
type Machine = {
  runCode(code: string, options: RunCodeOpts & { language: string }): Promise<Execution>;
  setTimeout(timeoutMs: number): Promise<void>;
  kill(): Promise<unknown>;
};

/** E2B ends a machine that nobody ended, because its worker died, after this long. */
const LIFETIME_MS = 5 * 60_000;
const MAX_IMAGES = 2;
const MAX_IMAGE_LENGTH = 100_000;

export function e2bSandbox({ apiKey }: { apiKey: string }): CodeSandbox {
  let machine: Promise<Machine> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function ready(): Promise<Machine> {
    if (!machine) {
      machine = createMachine(apiKey);
      // The run that needs it reports the failure; the next one tries again.
      machine.catch(() => (machine = undefined));
    }
    return machine;
  }

  async function end() {
    const ended = machine;
    machine = undefined;
    // Without a machine, or without a connection, its lifetime ends it.
    await ended?.then((each) => each.kill()).catch(() => {});
  }

  async function run(request: CodeRequest, signal?: AbortSignal): Promise<CodeRunOutput> {
    signal?.throwIfAborted();
    const refused = refuseTooLong(request);
    if (refused) return refused;
    const from = performance.now();
    const outcome = await Promise.race([attempt(request), aborted(signal)]);
    if (outcome === "aborted") {
      void end();
      throw signal!.reason;
    }
    return { ...outcome, durationMs: Math.max(1, Math.round(performance.now() - from)) };
  }

  async function attempt({ language, code }: CodeRequest): Promise<CodeRunOutput> {
    let current: Machine;
    try {
      current = await ready();
      await current.setTimeout(LIFETIME_MS);
    } catch (error) {
      machine = undefined;
      return unavailable(error);
    }
    const printed = collector();
    try {
      const execution = await current.runCode(code, {
        language,
        timeoutMs: codeLimits.timeMs,
        onStdout: ({ line }) => printed.add(line),
        onStderr: ({ line }) => printed.add(line),
      });
      return resultOf(execution, printed);
    } catch (error) {
      // The program may still run there, and the next one must not wait for it.
      await end();
      return {
        ...failureOf(error),
        ...printed.result(),
        truncated: printed.result().omitted !== undefined,
        restarted: true,
      };
    }
  }

  return {
    warm: () => void ready().catch(() => {}),
    run(request, signal) {
      const next = last.then(() => run(request, signal));
      last = next.catch(() => {});
      return next;
    },
    dispose: end,
  };
}

/** Loads E2B's package only here, so that only those who use it pay for it. */
async function createMachine(apiKey: string): Promise<Machine> {
  const { Sandbox } = await import("@e2b/code-interpreter");
  return Sandbox.create({ apiKey, timeoutMs: LIFETIME_MS, allowInternetAccess: false });
}

function aborted(signal: AbortSignal | undefined): Promise<"aborted"> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve("aborted"), { once: true });
  });
}

// ── The result ──

function collector() {
  let output = "";
  let omitted = 0;
  return {
    add(text: string) {
      const room = Math.max(0, codeLimits.outputLength - output.length);
      output += text.slice(0, room);
      omitted += Math.max(0, text.length - room);
    },
    result: () => ({ output, ...(omitted > 0 && { omitted }) }),
  };
}

function resultOf(execution: Execution, printed: ReturnType<typeof collector>): CodeRunOutput {
  const main = execution.results.find(({ isMainResult }) => isMainResult);
  const data = main && dataOf(main);
  const table = tableOf(data);
  const text = main?.text;
  const isLong = text !== undefined && text.length > codeLimits.valueLength;
  const images = execution.results
    .flatMap(({ png, jpeg }) =>
      png ? [`data:image/png;base64,${png}`] : jpeg ? [`data:image/jpeg;base64,${jpeg}`] : [],
    )
    .map((url) => url.replaceAll("\n", ""));
  const shown = images.filter(({ length }) => length <= MAX_IMAGE_LENGTH).slice(0, MAX_IMAGES);
  const { error } = execution;
  const said = printed.result();
  return {
    state: error ? "failed" : "done",
    ...said,
    ...(text !== undefined && { value: isLong ? `${text.slice(0, codeLimits.valueLength)}…` : text }),
    ...(table && { table }),
    ...asChart(isChart(data) ? data : undefined),
    ...(shown.length > 0 && { images: shown }),
    ...(error && {
      error: {
        kind: error.name === "SyntaxError" ? "syntax" : "thrown",
        name: error.name.slice(0, 100),
        message: error.value.slice(0, 2_000),
        ...linesOf(error.traceback),
      },
    }),
    durationMs: 0,
    truncated:
      said.omitted !== undefined ||
      isLong ||
      shown.length < images.length ||
      (table !== undefined &&
        (table.totalRows > table.rows.length || table.totalColumns > table.columns.length)),
  };
}

/** The value as data: E2B gives it as JSON, or as Python writes it. */
function dataOf({ json, data, text }: Result): unknown {
  const given: unknown = json ?? data ?? text;
  if (typeof given !== "string") return given;
  if (given.length > 1_000_000) return undefined;
  for (const attempt of [given, fromPython(given)])
    try {
      return JSON.parse(attempt);
    } catch {
      // It isn't JSON; then it is only a text.
    }
  return undefined;
}

/** Lists and dictionaries of plain values, as Python prints them. */
function fromPython(text: string): string {
  return text.replaceAll(
    /'((?:[^'\\"]|\\.)*)'|\bTrue\b|\bFalse\b|\bNone\b/g,
    (word, quoted: string | undefined) =>
      quoted !== undefined
        ? JSON.stringify(quoted)
        : word === "True"
          ? "true"
          : word === "False"
            ? "false"
            : "null",
  );
}

function isChart(value: unknown): boolean {
  return typeof value === "object" && value !== null && "chart" in value && typeof value.chart === "string";
}

/** Python's traceback and V8's stack name the lines of the cell differently. */
function linesOf(traceback: string): { lines?: number[] } {
  const plain = stripVTControlCharacters(traceback);
  const found = [
    ...plain.matchAll(/^-+> ?(\d+)|(?:Cell In\[\d+\], |<cell line: )(?:line )?(\d+)|<anonymous>:(\d+)/gm),
  ];
  const lines = [...new Set(found.map((match) => Number(match[1] ?? match[2] ?? match[3])))].slice(0, 5);
  return lines.length > 0 ? { lines } : {};
}

// ── Failures ──

function unavailable(error: unknown): CodeRunOutput {
  const isKey = error instanceof Error && error.name === "AuthenticationError";
  return refusal({
    kind: "unavailable",
    message: isKey ? "E2B refused its key, so no code was run." : "E2B can't be reached, so no code was run.",
    hint: isKey ? "Check E2B_API_KEY." : "Try again in a moment.",
  });
}

function failureOf(error: unknown): CodeRunOutput {
  const isLate = error instanceof Error && error.name === "TimeoutError";
  return refusal(
    isLate
      ? {
          kind: "time",
          message: `The code ran longer than ${codeLimits.timeMs / 1000} s and was stopped.`,
          hint: "Look for a loop that never ends, or do less at once.",
        }
      : {
          kind: "crash",
          message: "The connection to the sandbox broke. Nothing else is affected.",
          hint: "The next run starts in a new sandbox.",
        },
  );
}
