/** A place where code of a model runs apart from everything else. */
import type { CodeLanguage, CodeRunOutput } from "@/lib/agent/code-run";

export type CodeRequest = { language: CodeLanguage; code: string };

export type CodeSandbox = {
  /** Begins to get ready. Returns at once and never throws; the first run waits for it or reports its failure. */
  warm(): void;
  /** Runs one after the other. It rejects only when `signal` aborts; every other failure is part of the result. */
  run(request: CodeRequest, signal?: AbortSignal): Promise<CodeRunOutput>;
  /** Ends the sandbox and what runs in it. It never rejects. */
  dispose(): Promise<void>;
};

/** What one run may take. */
export const codeLimits = {
  codeLength: 50_000,
  timeMs: 10_000,
  memoryBytes: 64 * 1024 * 1024,
  /** Characters that are kept of what the code prints. */
  outputLength: 32_000,
  /** Characters that are kept of the returned value. */
  valueLength: 8_000,
  rows: 200,
  columns: 20,
  cellLength: 200,
  /** Characters of all cells together. A record of the stream above about 1 MiB freezes the run. */
  tableLength: 100_000,
};

export type CodeLimits = typeof codeLimits;

/** A run that ended before any code ran. */
export function refusal(error: NonNullable<CodeRunOutput["error"]>): CodeRunOutput {
  return { state: "failed", output: "", error, durationMs: 0, truncated: false };
}

/** Refuses what no sandbox takes. */
export function refuseTooLong({ code }: CodeRequest): CodeRunOutput | undefined {
  const { codeLength } = codeLimits;
  if (code.length <= codeLength) return undefined;
  const has = code.length.toLocaleString("en");
  return refusal({
    kind: "too-long",
    message: `The code has ${has} characters. At most ${codeLength.toLocaleString("en")} are run.`,
    hint: "Split it into several smaller runs.",
  });
}
