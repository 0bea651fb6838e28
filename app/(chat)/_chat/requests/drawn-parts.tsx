"use client";

import type { ReactNode } from "react";
import { RequestCard } from "@/components/chat/requests/request-card";
import { Delegate } from "../delegate";
import { Outcome } from "./unknown-outcome";
import { PartsContext } from "./parts";

const parts = { RequestCard, Delegate, Outcome };

/** What is inside has these parts at hand, and need not wait for them. */
export function DrawnParts({ children }: { children: ReactNode }) {
  return <PartsContext value={parts}>{children}</PartsContext>;
}
