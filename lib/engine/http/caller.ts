/** The run that a worker's request comes from: the worker's API address carries `/run/<id>/<attempt>`. */
export type Caller = { runId: string; attempt: number };

const CALLER_PREFIX = /^\/run\/([^/]+)\/(\d+)(?=\/)/;

/** The API address of one attempt. The SDK appends its paths to it, so every call names the run it comes from. */
export function callerUrl(engineUrl: string, caller: Caller): string {
  return `${engineUrl}/run/${caller.runId}/${caller.attempt}`;
}

export function splitCaller(path: string): { caller: Caller | undefined; path: string } {
  const match = CALLER_PREFIX.exec(path);
  if (!match) return { caller: undefined, path };
  return { caller: { runId: match[1]!, attempt: Number(match[2]) }, path: path.slice(match[0].length) };
}
