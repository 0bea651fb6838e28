"use client";

import { useCallback, useState } from "react";
import { describeError } from "./actions/expected-error";

/** What went wrong with the last thing that was pressed, as a sentence for the person. */
export function useProblem() {
  const [problem, setProblem] = useState<string>();
  /** Forgets what went wrong before, and tells what goes wrong now. */
  const attempt = useCallback((doing: Promise<unknown>) => {
    setProblem(undefined);
    doing.catch((error: unknown) => setProblem(describeError(error)));
  }, []);
  return { problem, attempt };
}
