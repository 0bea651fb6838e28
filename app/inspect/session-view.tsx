"use client";

import Link from "next/link";
import { useMemo, useState } from "react";
import { ArrowLeft, MessageSquare } from "lucide-react";
import { buttonClass } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import type { ListedSession } from "./access";
import type { Crash } from "./actions";
import { CrashButton, effectOf } from "./crash-button";
import { RecordList } from "./record-list";
import { RunTable } from "./run-table";
import { Tag } from "./tag";
import { timelineOf } from "./timeline";
import { useSessionWatch } from "./use-session-watch";
import { states } from "./labels";

export type SessionViewProps = {
  sessionKey: string;
  /** The session's entry in the list, shown until the watch has loaded. */
  listed: ListedSession | undefined;
  now: number;
  canCrash: boolean;
};

/** A live view of one session: its state, runs and records. */
export function SessionView({ sessionKey, listed, now, canCrash }: SessionViewProps) {
  const watch = useSessionWatch(sessionKey);
  const { runs, records, line, dropped } = watch;
  const session = watch.session ?? listed;
  const total = session?.runs ?? runs.length;
  const timeline = useMemo(() => timelineOf(records, runs, total), [records, runs, total]);
  const state = session && states[session.state];
  const [crash, setCrash] = useState<Crash>();
  const unanswered = watch.session?.unanswered;
  const worker = runs.find(({ pid }) => pid !== null);
  return (
    <>
      <header className="flex h-[52px] shrink-0 items-center gap-2 border-b px-3 md:px-4">
        <Link
          href="/inspect"
          aria-label="All sessions"
          className={buttonClass({ variant: "ghost", size: "icon", className: "md:hidden" })}
        >
          <ArrowLeft aria-hidden />
        </Link>
        <h1 className="min-w-0 truncate text-sm font-[550] tracking-[-0.005em]" dir="auto">
          {listed?.title ?? sessionKey}
        </h1>
        {state && (
          <Tag tone={state.tone} title={state.meaning}>
            {state.word}
          </Tag>
        )}
        {line === "lost" && <Tag tone="bad">Connection lost, reconnecting</Tag>}
        {session?.externalId && (
          <Link
            href={`/chat/${session.externalId}`}
            aria-label="Open the chat"
            className={buttonClass({ variant: "ghost", size: "sm", className: "ml-auto" })}
          >
            <MessageSquare aria-hidden />
            <span className="hidden sm:inline">Open the chat</span>
          </Link>
        )}
      </header>

      {line === "unknown" ? (
        <p className="m-auto px-6 text-sm text-ink-2">Session not found. It may belong to someone else.</p>
      ) : (
        <div className="flex min-h-0 flex-1 flex-col overflow-y-auto md:overflow-hidden">
          <section
            aria-label="Session"
            className="flex shrink-0 flex-wrap items-start justify-between gap-x-6 gap-y-3 border-b px-4 py-3"
          >
            <dl className="grid grid-cols-2 gap-x-6 gap-y-2 sm:flex sm:flex-wrap">
              <Fact name="Chat" wide>
                <span className="truncate">{sessionKey}</span>
                <CopyButton text={sessionKey} label="Copy chat ID" className="-my-1" />
              </Fact>
              <Fact name="Task">{session?.task ?? "–"}</Fact>
              <Fact name="Worker">{worker ? `pid ${worker.pid}` : line === "connecting" ? "–" : "none"}</Fact>
              <Fact name="Unanswered">{unanswered ?? "–"}</Fact>
              <Fact name="Records">
                {session ? `${session.records.in} in · ${session.records.out} out` : "–"}
              </Fact>
            </dl>
            {canCrash && (
              <CrashButton sessionKey={sessionKey} hasWorker={worker !== undefined} onCrash={setCrash} />
            )}
          </section>
          <RunTable
            runs={runs}
            total={total}
            now={now}
            isConnecting={line === "connecting"}
            news={crash && effectOf(crash, runs, unanswered ?? 0, now)}
          />
          <RecordList rows={timeline} dropped={dropped} isConnecting={line === "connecting"} />
        </div>
      )}
    </>
  );
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <div className={wide ? "col-span-2 min-w-0" : "min-w-0"}>
      <dt className="text-2xs text-ink-3">{name}</dt>
      <dd className="flex min-w-0 items-center gap-1 font-mono text-xs text-ink tabular-nums">{children}</dd>
    </div>
  );
}
