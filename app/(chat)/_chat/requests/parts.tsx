"use client";

import dynamic from "next/dynamic";
import { type ComponentType, createContext, use } from "react";
import type { RequestCardProps } from "@/components/chat/requests/request";
import { untilLoaded } from "@/components/chat/shared/until-loaded";
import { Skeleton } from "@/components/ui/skeleton";
import type { CodeRunProps } from "../code-run";
import type { DelegateProps } from "../delegate";
import type { LongJobProps } from "../long-job";
import type { OutcomeProps } from "./unknown-outcome";

/** The components for tool calls that have a card of their own. */
type Parts = {
  RequestCard: ComponentType<RequestCardProps>;
  CodeRun: ComponentType<CodeRunProps>;
  Delegate: ComponentType<DelegateProps>;
  Outcome: ComponentType<OutcomeProps>;
  LongJob: ComponentType<LongJobProps>;
};

// Most chats have no requests, so the cards and their forms load with the first one.
const late: Parts = {
  RequestCard: dynamic(
    () =>
      untilLoaded(() => import("@/components/chat/requests/request-card")).then(
        ({ RequestCard }) => RequestCard,
      ),
    { loading: () => <Skeleton className="h-60 w-full rounded-lg" /> },
  ),
  CodeRun: dynamic(() => untilLoaded(() => import("../code-run")).then(({ CodeRun }) => CodeRun), {
    loading: () => <Skeleton className="h-10 w-full rounded-md" />,
  }),
  Delegate: dynamic(() => untilLoaded(() => import("../delegate")).then(({ Delegate }) => Delegate), {
    loading: () => <Skeleton className="h-10 w-full rounded-md" />,
  }),
  Outcome: dynamic(() => untilLoaded(() => import("./unknown-outcome")).then(({ Outcome }) => Outcome), {
    loading: () => <Skeleton className="h-60 w-full rounded-lg" />,
  }),
  LongJob: dynamic(() => untilLoaded(() => import("../long-job")).then(({ LongJob }) => LongJob), {
    loading: () => <Skeleton className="h-14 w-full rounded-md" />,
  }),
};

export const PartsContext = createContext(late);

export function RequestCard(props: RequestCardProps) {
  const parts = use(PartsContext);
  return <parts.RequestCard {...props} />;
}

export function CodeRun(props: CodeRunProps) {
  const parts = use(PartsContext);
  return <parts.CodeRun {...props} />;
}

export function Delegate(props: DelegateProps) {
  const parts = use(PartsContext);
  return <parts.Delegate {...props} />;
}

export function Outcome(props: OutcomeProps) {
  const parts = use(PartsContext);
  return <parts.Outcome {...props} />;
}

export function LongJob(props: LongJobProps) {
  const parts = use(PartsContext);
  return <parts.LongJob {...props} />;
}
