"use client";

import { useEffect, useState } from "react";

/** Longer than most models pause between two words, and than a worker takes to start. */
const STALLED_AFTER_MS = 20_000;

export type IsStalledOptions = {
  /** Words are expected of the model. */
  isWriting: boolean;
  /** Another value with everything that comes. */
  progress: unknown;
};

/** Whether the model has said nothing for long. */
export function useIsStalled({ isWriting, progress }: IsStalledOptions): boolean {
  const [isStalled, setIsStalled] = useState(false);
  useEffect(() => {
    if (!isWriting) return;
    const timer = setTimeout(() => setIsStalled(true), STALLED_AFTER_MS);
    return () => {
      clearTimeout(timer);
      setIsStalled(false);
    };
  }, [isWriting, progress]);
  return isStalled;
}
