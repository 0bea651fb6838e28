/** Says in plain words how a run failed: what happened, in which line, and what to do. */
import type { CodeError } from "@/lib/agent/code-run";
import { type CodeRequest, codeLimits } from "../code-sandbox";
import type { ThreadError } from "./thread";

type Detail = { name?: string; message?: string; stack?: string; lineNumber?: number };

const NO_NETWORK = "The sandbox has no network. Put the data into the code.";
const NO_MODULES = "The sandbox has no packages and no modules. Use what JavaScript has built in.";
const NO_MACHINE = "The sandbox has no files, no processes and no environment variables.";
const NO_PAGE = "The sandbox is not a browser: it has no page.";

const absent: Record<string, string> = {
  fetch: NO_NETWORK,
  XMLHttpRequest: NO_NETWORK,
  WebSocket: NO_NETWORK,
  EventSource: NO_NETWORK,
  navigator: NO_NETWORK,
  require: NO_MODULES,
  module: NO_MODULES,
  exports: NO_MODULES,
  process: NO_MACHINE,
  Buffer: NO_MACHINE,
  Deno: NO_MACHINE,
  Bun: NO_MACHINE,
  global: NO_MACHINE,
  __dirname: NO_MACHINE,
  __filename: NO_MACHINE,
  window: NO_PAGE,
  document: NO_PAGE,
  localStorage: NO_PAGE,
  alert: NO_PAGE,
};

export function explain(
  { kind, detail }: ThreadError | { kind: "crash"; detail: string },
  { code }: CodeRequest,
  timeMs: number,
): CodeError {
  const seconds = timeMs / 1000;
  const lines = linesOf(JSON.parse(detail) as Detail);
  const where = lines.length > 0 && { lines };
  switch (kind) {
    case "time":
      return {
        kind,
        ...where,
        message: `The code ran longer than ${seconds} s and was stopped.`,
        hint: "Look for a loop that never ends, or do less at once.",
      };
    case "memory":
      return {
        kind,
        ...where,
        message: `The code used more than ${codeLimits.memoryBytes / 1024 / 1024} MB of memory and was stopped.`,
        hint: "Keep less data at once.",
      };
    case "stack":
      return {
        kind,
        ...where,
        message: "The code called itself too deeply and was stopped.",
        hint: "Look for a recursion that never ends.",
      };
    case "pending":
      return {
        kind: "thrown",
        message: "The code awaits a promise that nothing settles.",
        hint: "Look for a promise whose `resolve` is never called.",
      };
    case "crash":
      return {
        kind,
        message: "The code brought the sandbox down. Nothing else is affected.",
        hint: "The next run starts in a new sandbox.",
      };
    case "syntax":
    case "thrown":
      return { kind, ...thrown(JSON.parse(detail) as Detail, code), ...where };
  }
}

function thrown({ name, message = "" }: Detail, code: string): Pick<CodeError, "name" | "message" | "hint"> {
  const hint = hintFor(name, message, code);
  return {
    ...(name && { name }),
    message: message || "The code threw an error without words.",
    ...(hint && { hint }),
  };
}

function hintFor(name: string | undefined, message: string, code: string): string | undefined {
  const missing = /^'?([\w$]+)'? is not defined$/.exec(message)?.[1];
  if (name === "ReferenceError" && missing !== undefined && Object.hasOwn(absent, missing))
    return absent[missing];
  if (/could not load module|module loader/i.test(message)) return NO_MODULES;
  if (name === "SyntaxError" && /^\s*(import|export)\b/m.test(code)) return NO_MODULES;
  return undefined;
}

const MAX_LINES = 5;

/** The lines of the code that the error came through, innermost first. */
function linesOf({ stack = "", lineNumber }: Detail): number[] {
  const found = [...stack.matchAll(/\bcode:(\d+)/g)].map((match) => Number(match[1]));
  if (found.length === 0 && lineNumber) found.push(lineNumber);
  return [...new Set(found)].slice(0, MAX_LINES);
}
