"use client";

import type { ReactNode } from "react";
import { RequestCard } from "@/components/chat/requests/request-card";
import { CodeRun } from "../code-run";
import { Delegate } from "../delegate";
import { LongJob } from "../long-job";
import { Outcome } from "./unknown-outcome";
import { PartsContext } from "./parts";

const parts = { RequestCard, CodeRun, Delegate, Outcome, LongJob };

/** Provides already loaded parts, so that the content needn't wait for them. */
export function DrawnParts({ children }: { children: ReactNode }) {
  return <PartsContext value={parts}>{children}</PartsContext>;
}
