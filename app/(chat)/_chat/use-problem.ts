"use client";

import { useCallback, useState } from "react";
import { describeError } from "./actions/expected-error";

/** The sentence that says why the last action failed. */
export function useProblem() {
  const [problem, setProblem] = useState<string>();
  /** Clears the previous problem, runs an action and shows its problem. */
  const attempt = useCallback((doing: Promise<unknown>) => {
    setProblem(undefined);
    doing.catch((error: unknown) => setProblem(describeError(error)));
  }, []);
  return { problem, attempt };
}
