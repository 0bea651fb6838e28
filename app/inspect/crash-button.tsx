"use client";

import { useState } from "react";
import { Zap } from "lucide-react";
import type { InspectedRun } from "@/lib/engine/routes-inspect";
import { Button } from "@/components/ui/button";
import { crashWorker, type Crash } from "./actions";
import { reasonOf, spanOf } from "./words";

export type CrashButtonProps = {
  sessionKey: string;
  /** Newest first. */
  runs: InspectedRun[];
  unanswered: number;
  now: number;
};

/** Kills the worker, and says what became of it. */
export function CrashButton({ sessionKey, runs, unanswered, now }: CrashButtonProps) {
  const [crash, setCrash] = useState<Crash>();
  const [isCrashing, setIsCrashing] = useState(false);
  const hasWorker = runs.some(({ pid }) => pid !== null);

  async function press() {
    if (!hasWorker || isCrashing) return;
    setIsCrashing(true);
    const outcome = await crashWorker(sessionKey).catch((): Crash => ({
      problem: "The app did not answer. Try again.",
    }));
    setCrash(outcome);
    setIsCrashing(false);
  }

  return (
    <div className="flex min-w-0 flex-col gap-1.5 sm:items-end">
      <Button
        aria-disabled={!hasWorker || isCrashing}
        title={hasWorker ? "kill -9, as an out-of-memory killer would" : "No worker is alive"}
        className="border-red-line text-red hover:bg-red-soft"
        onClick={() => void press()}
      >
        <Zap aria-hidden />
        Crash the worker
      </Button>
      <output className="block max-w-[340px] text-xs text-ink-2 tabular-nums empty:hidden sm:text-right">
        {crash && effectOf(crash, runs, unanswered, now)}
      </output>
    </div>
  );
}

function effectOf(crash: Crash, runs: InspectedRun[], unanswered: number, now: number): string {
  if ("problem" in crash) return crash.problem;
  const killed = crash.pid === null ? "Killed the worker." : `Killed worker ${crash.pid}.`;
  const index = runs.findIndex(({ id }) => id === crash.runId);
  const [successor, victim] = [runs[index - 1], runs[index]];
  if (successor?.startedAt && victim?.finishedAt) {
    const after = Date.parse(successor.startedAt) - Date.parse(victim.finishedAt);
    const { word } = reasonOf(successor.reason);
    return `${killed} Another run took over ${spanOf(after)} later: ${word.toLowerCase()}.`;
  }
  if (victim && victim.attempt > 1 && victim.pid !== null) return `${killed} The run tries again.`;
  if (unanswered === 0 && victim?.finishedAt && now - crash.at > 1_500) {
    return `${killed} Nothing was unanswered, so the next message will start a run.`;
  }
  return `${killed} Waiting for what the engine does…`;
}
