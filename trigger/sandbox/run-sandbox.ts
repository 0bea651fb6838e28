/** The sandbox of a run: warmed when a turn starts, shared by every call, and gone before the run sleeps. */
import { env } from "@/lib/env";
import type { CodeSandbox } from "./code-sandbox";
import { e2bSandbox } from "./e2b-sandbox";
import { quickJsSandbox } from "./quickjs/quickjs-sandbox";

/** By run id: on Trigger.dev one process may do several runs, one after the other. */
const sandboxes = new Map<string, CodeSandbox>();

/** The run's sandbox; a new one after the last was disposed of. */
export function sandboxOf(runId: string): CodeSandbox {
  let sandbox = sandboxes.get(runId);
  if (!sandbox) {
    const apiKey = env.E2B_API_KEY;
    sandbox = apiKey === undefined ? quickJsSandbox() : e2bSandbox({ apiKey });
    sandboxes.set(runId, sandbox);
  }
  return sandbox;
}

export function warmSandbox(runId: string): void {
  sandboxOf(runId).warm();
}

export async function disposeSandbox(runId: string): Promise<void> {
  const sandbox = sandboxes.get(runId);
  sandboxes.delete(runId);
  await sandbox?.dispose();
}
