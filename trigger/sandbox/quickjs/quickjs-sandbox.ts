/**
 * The embedded sandbox: QuickJS in a thread of its own. The code has no network, no files and no process, because nobody
 * gives them to it; and whatever it does, the thread can be ended.
 */
import { Worker } from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import type { CodeRunOutput, CodeTable } from "@/lib/agent/code-run";
import { type CodeRequest, type CodeSandbox, codeLimits, refusal, refuseTooLong } from "../code-sandbox";
import { asChart } from "../as-chart";
import { withinSize } from "../table-of";
import { program } from "../generated/program";
import { explain } from "./explain";
import type { ThreadReply } from "./thread";

type Ended = Extract<ThreadReply, { type: "ended" }>;

/** How much later than QuickJS's own clock the thread is ended. */
const GRACE_MS = 500;
/** A thread takes a fifth of a second of processor time to start, which the first words of the answer need more. */
const WARM_AFTER_MS = 400;
const HEAP_MB = 96;
const STACK_MB = 4;

/** Nothing of the next call depends on what such a run has left behind. */
const SPOILING: ReadonlySet<string> = new Set(["time", "memory", "crash"]);

export function quickJsSandbox({ timeMs = codeLimits.timeMs } = {}): CodeSandbox {
  let thread: Thread | undefined;
  let hasRun = false;
  let last: Promise<unknown> = Promise.resolve();
  let warming: NodeJS.Timeout | undefined;

  async function run(request: CodeRequest, signal?: AbortSignal): Promise<CodeRunOutput> {
    signal?.throwIfAborted();
    const refused = refuse(request);
    if (refused) return refused;
    const current = (thread ??= startThread(timeMs));
    const stop = () => void current.end();
    signal?.addEventListener("abort", stop, { once: true });
    const from = performance.now();
    let end: Awaited<ReturnType<Thread["run"]>>;
    try {
      end = await current.run(request);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    if (signal?.aborted) {
      if (thread === current) thread = undefined;
      hasRun = false;
      throw signal.reason;
    }
    const result = resultOf(end, request, performance.now() - from, timeMs);
    const isSpoiled = result.error !== undefined && SPOILING.has(result.error.kind);
    if (isSpoiled) {
      await current.end();
      if (thread === current) thread = undefined;
    }
    const restarted = isSpoiled && hasRun;
    hasRun = !isSpoiled;
    return restarted ? { ...result, restarted } : result;
  }

  return {
    warm() {
      clearTimeout(warming);
      warming = setTimeout(() => {
        thread ??= startThread(timeMs);
      }, WARM_AFTER_MS).unref();
    },
    run(request, signal) {
      const next = last.then(() => run(request, signal));
      last = next.catch(() => {});
      return next;
    },
    async dispose() {
      clearTimeout(warming);
      const gone = thread?.end();
      thread = undefined;
      hasRun = false;
      await gone;
    },
  };
}

function refuse(request: CodeRequest): CodeRunOutput | undefined {
  if (request.language !== "python") return refuseTooLong(request);
  return refusal({
    kind: "unsupported",
    message: "This sandbox runs JavaScript and TypeScript, but not Python.",
    hint: "Write it in JavaScript, or set E2B_API_KEY to run Python on E2B.",
  });
}

// ── The thread ──

type Thread = {
  /** How the run ended; a sentence when the thread did. */
  run(request: CodeRequest): Promise<Ended | { died: "time" | "crash" | "memory" }>;
  end(): Promise<void>;
};

function startThread(timeMs: number): Thread {
  const worker = new Worker(gunzipSync(Buffer.from(program, "base64")).toString(), {
    eval: true,
    // Nothing of this process: no environment with its keys, no flags.
    env: {},
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    workerData: { ...codeLimits, timeMs },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: STACK_MB },
  });
  // A sandbox that nobody uses keeps no process alive.
  worker.unref();
  let answer: ((end: Awaited<ReturnType<Thread["run"]>>) => void) | undefined;
  let died: "crash" | "memory" | "time" | undefined;
  const ready = new Promise<void>((resolve) => {
    worker.on("message", (reply: ThreadReply) => {
      if (reply.type === "ready") resolve();
      else answer?.(reply);
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      died ??= error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "crash";
    });
    worker.on("exit", () => {
      died ??= "crash";
      resolve();
      answer?.({ died });
    });
  });

  return {
    async run(request) {
      worker.ref();
      let timer: NodeJS.Timeout | undefined;
      try {
        await ready;
        if (died) return { died };
        return await new Promise((resolve) => {
          answer = resolve;
          timer = setTimeout(() => {
            died ??= "time";
            void worker.terminate();
          }, timeMs + GRACE_MS);
          worker.postMessage(request);
        });
      } finally {
        clearTimeout(timer);
        answer = undefined;
        worker.unref();
      }
    },
    async end() {
      await worker.terminate();
    },
  };
}

// ── The result ──

type Described = { text?: string; table?: CodeTable; chart?: unknown };

function resultOf(
  end: Ended | { died: "time" | "crash" | "memory" },
  request: CodeRequest,
  durationMs: number,
  timeMs: number,
): CodeRunOutput {
  const ms = Math.max(1, Math.round(durationMs));
  if ("died" in end)
    return { ...refusal(explain({ kind: end.died, detail: "{}" }, request, timeMs)), durationMs: ms };
  const { output, omitted, error, value } = end;
  const said: Described = value === undefined ? {} : (JSON.parse(value) as Described);
  const text = said.text ?? "";
  const isLong = text.length > codeLimits.valueLength;
  const table = said.table && withinSize(said.table);
  const isPart =
    table !== undefined && (table.totalRows > table.rows.length || table.totalColumns > table.columns.length);
  return {
    state: error ? "failed" : "done",
    output,
    ...(omitted > 0 && { omitted }),
    ...(said.text !== undefined && { value: isLong ? `${text.slice(0, codeLimits.valueLength)}…` : text }),
    ...(table && { table }),
    ...asChart(said.chart),
    ...(error && { error: explain(error, request, timeMs) }),
    durationMs: ms,
    truncated: omitted > 0 || isLong || isPart,
  };
}
