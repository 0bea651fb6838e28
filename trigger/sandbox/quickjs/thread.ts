/**
 * The program of the sandbox's thread: QuickJS, compiled to WebAssembly, with a bounded amount of memory, stack and time.
 * `npm run db:generate` bundles it into one text (lib/dev/generate.mjs), because neither the engine's bundler nor
 * Trigger.dev's knows of threads.
 */
import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as pause } from "node:timers/promises";
import variant from "@jitl/quickjs-singlefile-cjs-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
} from "quickjs-emscripten-core";
import { transform } from "sucrase";
import type { CodeLimits, CodeRequest } from "../code-sandbox";

/** The bundled guest.ts; the generator fills it in. */
declare const GUEST: string;

export type ThreadReply =
  | { type: "ready" }
  | {
      type: "ended";
      output: string;
      omitted: number;
      /** What the guest says about the returned value, or about the error: JSON. */
      value?: string;
      error?: ThreadError;
    };

export type ThreadError = {
  kind: "thrown" | "syntax" | "time" | "memory" | "stack" | "pending";
  detail: string;
};

const limits = workerData as CodeLimits;

/** Code may await at its top level, and its value is that of its last statement. QuickJS has the flag; its binding names no constant for it. */
const ASYNC_SCRIPT = 1 << 7;
/** Less than the thread's own stack, so that QuickJS notices first. */
const STACK_BYTES = 256 * 1024;
const JOBS_AT_ONCE = 1_000;
/** More text than this is no description of ours. */
const MAX_DESCRIPTION = 2_000_000;

let deadline = Infinity;
let output = "";
let omitted = 0;

class TimeUp extends Error {}

/** An error of the code that can't be caught by it. */
class Stopped extends Error {
  readonly reason: ThreadError;
  constructor(reason: ThreadError) {
    super(reason.detail);
    this.reason = reason;
  }
}

void main();

async function main() {
  const quickJs = await newQuickJSWASMModuleFromVariant(variant);
  const runtime = quickJs.newRuntime();
  runtime.setMemoryLimit(limits.memoryBytes);
  runtime.setMaxStackSize(STACK_BYTES);
  runtime.setInterruptHandler(() => Date.now() > deadline);
  const context = runtime.newContext();
  const guest = setUp(context);
  parentPort!.on("message", (request: CodeRequest) => {
    deadline = Date.now() + limits.timeMs;
    output = "";
    omitted = 0;
    void run(context, guest, request).then((end) =>
      parentPort!.postMessage({ type: "ended", output, omitted, ...end } satisfies ThreadReply),
    );
  });
  parentPort!.postMessage({ type: "ready" } satisfies ThreadReply);
}

// ── The guest ──

function setUp(context: QuickJSContext): QuickJSHandle {
  const write = context.newFunction("write", (text) => collect(context.getString(text)));
  const now = context.newFunction("now", () => context.newNumber(performance.now()));
  const given = context.unwrapResult(context.evalCode(`(${JSON.stringify(limits)})`));
  const install = context.unwrapResult(
    context.evalCode(`(() => { ${GUEST}; return guest.setUp; })()`, "sandbox"),
  );
  return context.unwrapResult(context.callFunction(install, context.undefined, write, now, given));
}

function collect(text: string) {
  const room = limits.outputLength - output.length;
  const line = `${text}\n`;
  output += line.slice(0, Math.max(0, room));
  omitted += Math.max(0, line.length - Math.max(0, room));
}

/** Calls a function of the guest. */
function call(context: QuickJSContext, guest: QuickJSHandle, name: string, ...args: QuickJSHandle[]) {
  using method = context.getProp(guest, name);
  const result = context.callFunction(method, context.undefined, ...args);
  if (result.error) throw stopped(context, guest, result.error);
  return result.value;
}

// ── A run ──

async function run(context: QuickJSContext, guest: QuickJSHandle, { language, code }: CodeRequest) {
  try {
    // Timers of a run that failed.
    call(context, guest, "clear").dispose();
    const plain = language === "typescript" ? stripTypes(code) : code;
    using script = evaluate(context, guest, plain);
    using settled = await settle(context, guest, script);
    // The value of an asynchronous script is `{ value }`.
    using value = context.getProp(settled, "value");
    using final = await settle(context, guest, value);
    await finishTimers(context, guest);
    return { value: describe(context, guest, "describe", final) };
  } catch (error) {
    return { error: error instanceof Stopped ? error.reason : asHostError(error) };
  }
}

function stripTypes(code: string): string {
  try {
    // It keeps every line where it is, so the lines of errors are those of the person's code.
    return transform(code, { transforms: ["typescript"], disableESTransforms: true, keepUnusedImports: true })
      .code;
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line?: number } };
    const detail = {
      name: "SyntaxError",
      message: message.replace(/ \(\d+:\d+\)$/, ""),
      lineNumber: loc?.line ?? 0,
    };
    throw new Stopped({ kind: "syntax", detail: JSON.stringify(detail) });
  }
}

/**
 * As a script, so that what the code declares is there for the next call. A script that declares a name again runs in a
 * block of its own, and one that returns runs as a function.
 */
function evaluate(context: QuickJSContext, guest: QuickJSHandle, code: string): QuickJSHandle {
  const first = context.evalCode(code, "code", ASYNC_SCRIPT);
  if (!first.error) return first.value;
  const problem = JSON.parse(describe(context, guest, "describeError", first.error)) as {
    name?: string;
    message?: string;
  };
  const isAgain = problem.name === "SyntaxError" && problem.message?.startsWith("redeclaration of");
  const isFunction =
    problem.name === "SyntaxError" && problem.message?.startsWith("return not in a function");
  const retried = isAgain ? `{${code}\n}` : isFunction ? `await (async () => {${code}\n})()` : undefined;
  if (retried === undefined) throw stopped(context, guest, first.error);
  first.error.dispose();
  const second = context.evalCode(retried, "code", ASYNC_SCRIPT);
  if (second.error) throw stopped(context, guest, second.error);
  return second.value;
}

/** Runs jobs and timers until the promise settles; any other value is returned as it is. */
async function settle(
  context: QuickJSContext,
  guest: QuickJSHandle,
  value: QuickJSHandle,
): Promise<QuickJSHandle> {
  for (;;) {
    runJobs(context, guest);
    const state = context.getPromiseState(value);
    if (state.type === "fulfilled") return state.notAPromise ? value.dup() : state.value;
    if (state.type === "rejected") throw stopped(context, guest, state.error);
    if (!(await nextTimer(context, guest))) throw new Stopped({ kind: "pending", detail: "{}" });
  }
}

async function finishTimers(context: QuickJSContext, guest: QuickJSHandle) {
  do runJobs(context, guest);
  while (await nextTimer(context, guest));
}

/** Returns false when no timer waits. */
async function nextTimer(context: QuickJSContext, guest: QuickJSHandle): Promise<boolean> {
  using due = call(context, guest, "due");
  const ms = context.getNumber(due);
  if (ms < 0) return false;
  const left = deadline - Date.now();
  if (ms > left) {
    await pause(Math.max(0, left));
    throw new TimeUp();
  }
  await pause(ms);
  call(context, guest, "fire").dispose();
  return true;
}

function runJobs(context: QuickJSContext, guest: QuickJSHandle) {
  while (context.runtime.hasPendingJob()) {
    if (Date.now() > deadline) throw new TimeUp();
    const done = context.runtime.executePendingJobs(JOBS_AT_ONCE);
    if (done.error) throw stopped(context, guest, done.error);
    done.dispose();
  }
}

// ── How it ended ──

function stopped(context: QuickJSContext, guest: QuickJSHandle, error: QuickJSHandle): Stopped {
  using handle = error;
  if (Date.now() > deadline) return new Stopped({ kind: "time", detail: "{}" });
  const detail = describe(context, guest, "describeError", handle);
  const { name, message } = JSON.parse(detail) as { name?: string; message?: string };
  if (message === "out of memory") return new Stopped({ kind: "memory", detail });
  if (message === "stack overflow" || message === "Maximum call stack size exceeded")
    return new Stopped({ kind: "stack", detail });
  return new Stopped({ kind: name === "SyntaxError" ? "syntax" : "thrown", detail });
}

function asHostError(error: unknown): ThreadError {
  if (error instanceof TimeUp || Date.now() > deadline) return { kind: "time", detail: "{}" };
  // QuickJS is in no state to go on, so the thread ends with it and the host replaces both.
  throw error;
}

function describe(context: QuickJSContext, guest: QuickJSHandle, how: string, value: QuickJSHandle): string {
  using method = context.getProp(guest, how);
  const result = context.callFunction(method, context.undefined, value);
  if (result.error) {
    result.error.dispose();
    if (Date.now() > deadline) throw new TimeUp();
    // Nothing is left to describe it with.
    return how === "describe" ? "{}" : JSON.stringify({ message: "out of memory" });
  }
  using text = result.value;
  const said = context.typeof(text) === "string" ? context.getString(text) : "{}";
  return said.length > MAX_DESCRIPTION ? "{}" : said;
}
