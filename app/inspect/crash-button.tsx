"use client";

import { useState } from "react";
import { Zap } from "lucide-react";
import type { InspectedRun } from "@/lib/inspected";
import { Button } from "@/components/ui/button";
import { crashWorker, type Crash } from "./actions";
import { reasonOf, spanOf } from "./labels";

export type CrashButtonProps = {
  sessionKey: string;
  hasWorker: boolean;
  onCrash: (crash: Crash) => void;
};

export function CrashButton({ sessionKey, hasWorker, onCrash }: CrashButtonProps) {
  const [isCrashing, setIsCrashing] = useState(false);

  async function press() {
    if (!hasWorker || isCrashing) return;
    setIsCrashing(true);
    const outcome = await crashWorker(sessionKey).catch((): Crash => ({
      problem: "The app didn't respond. Try again.",
    }));
    onCrash(outcome);
    setIsCrashing(false);
  }

  return (
    <Button
      aria-disabled={!hasWorker || isCrashing}
      title={hasWorker ? "kill -9, as an out-of-memory killer would" : "No worker is running"}
      className="border-red-line text-red hover:bg-red-soft aria-disabled:border-line aria-disabled:bg-transparent aria-disabled:text-ink-2"
      onClick={() => void press()}
    >
      <Zap aria-hidden />
      Crash the worker
    </Button>
  );
}

/** The state of the session whose worker was killed; `runs` newest first. */
export function effectOf(crash: Crash, runs: InspectedRun[], unanswered: number, now: number): string {
  if ("problem" in crash) return crash.problem;
  const killed = crash.pid === null ? "Killed the worker." : `Killed worker ${crash.pid}.`;
  const index = runs.findIndex(({ id }) => id === crash.runId);
  const [successor, victim] = [runs[index - 1], runs[index]];
  if (successor?.startedAt && victim?.finishedAt) {
    const after = Date.parse(successor.startedAt) - Date.parse(victim.finishedAt);
    const { word } = reasonOf(successor.reason);
    return `${killed} Another run took over ${spanOf(after)} later: ${word.toLowerCase()}.`;
  }
  if (victim && victim.attempt > 1 && victim.pid !== null) return `${killed} The run is retrying.`;
  if (unanswered === 0 && victim?.finishedAt && now - crash.at > 1_500) {
    return `${killed} There was nothing left to answer, so the next message will start a run.`;
  }
  return `${killed} Waiting for the engine…`;
}
