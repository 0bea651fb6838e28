"use server";

import { callEngine, hasCrashButton, mayInspect } from "./access";

export type Crash = { runId: string; pid: number | null; at: number } | { problem: string };

/** Kills the process that runs this session, as `kill -9` does. */
export async function crashWorker(key: string): Promise<Crash> {
  if (!hasCrashButton()) return { problem: "Crashing workers is turned off here (CRASH_BUTTON)." };
  if (typeof key !== "string" || !(await mayInspect(key))) return { problem: "Session not found." };
  const at = Date.now();
  const path = `/inspect/sessions/${encodeURIComponent(key)}/crash`;
  const response = await callEngine(path, { method: "POST" }).catch(() => null);
  if (response?.status === 409)
    return { problem: "This session has no worker right now, so there is nothing to crash." };
  if (response?.status === 404) return { problem: "Session not found." };
  if (!response?.ok) return { problem: "The engine didn't respond. Try again." };
  return { at, ...((await response.json()) as { runId: string; pid: number | null }) };
}
