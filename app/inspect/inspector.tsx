"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { ArrowLeft } from "lucide-react";
import { Frond } from "@/components/ui/frond";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { cn } from "@/lib/utils";
import type { ListedSession, SessionList } from "./access";
import { ScheduleList } from "./schedule-list";
import { SessionView } from "./session-view";
import { Tag } from "./tag";
import { useNow } from "./use-now";
import { useSessions } from "./use-sessions";
import { agoOf, states } from "./labels";

export type InspectorProps = {
  initial: SessionList;
  /** Whether the list has everyone's sessions, or only this person's. */
  scope: "all" | "own";
  canCrash: boolean;
};

/** The list of sessions beside the selected session; on a phone, one at a time. */
export function Inspector({ initial, scope, canCrash }: InspectorProps) {
  const { sessions, schedules, engine } = useSessions(initial);
  const now = useNow(initial.now);
  const chosen = useSearchParams().get("session") ?? undefined;
  // Without an address, the newest session is selected and stays selected, so that the crash button's target doesn't
  // change.
  const [newest, setNewest] = useState(sessions[0]?.key);
  if (newest === undefined && sessions[0]) setNewest(sessions[0].key);
  const key = chosen ?? newest;
  return (
    <div className="grid h-dvh grid-rows-[100%] bg-surface md:grid-cols-[288px_minmax(0,1fr)]">
      <aside
        className={cn("min-h-0 flex-col border-r bg-bg md:flex", chosen ? "hidden" : "flex")}
        aria-label="Sessions"
      >
        <div className="flex h-[52px] shrink-0 items-center gap-2 px-5 font-semibold tracking-[-0.01em]">
          <Frond />
          Inspect
          <span className="font-normal text-ink-3">{scope === "all" ? "all sessions" : "your sessions"}</span>
        </div>
        <nav aria-label="Sessions" className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-3 pb-3">
          {engine === "away" && (
            <output className="mb-2 block rounded-sm border border-red-line bg-red-soft px-3 py-2 text-xs text-red">
              The engine isn't responding. This is the last known list; reconnecting.
            </output>
          )}
          {sessions.length === 0 && engine === "here" && (
            <p className="px-2 py-3 text-sm text-ink-3">
              No sessions yet.{" "}
              <Link href="/" className="text-ink underline underline-offset-3">
                Start a chat
              </Link>{" "}
              to see one here.
            </p>
          )}
          <ul>
            {sessions.map((session) => (
              <SessionLink
                key={session.id}
                session={session}
                isCurrent={session.key === key}
                isChosen={session.key === chosen}
                now={now}
              />
            ))}
          </ul>
        </nav>
        <ScheduleList schedules={schedules} now={now} />
        <div className="mx-3 flex shrink-0 items-center border-t py-2 pb-[max(8px,env(safe-area-inset-bottom))] pl-2 text-sm">
          <Link href="/" className="flex items-center gap-2 text-ink-2 hover:text-ink">
            <ArrowLeft aria-hidden className="size-4" />
            Chats
          </Link>
          <ThemeToggle className="ml-auto" />
        </div>
      </aside>
      <main className={cn("min-h-0 min-w-0 flex-col md:flex", chosen ? "flex" : "hidden")}>
        {key === undefined ? (
          <p className="m-auto px-6 text-sm text-ink-3">Nothing to inspect yet.</p>
        ) : (
          <SessionView
            canCrash={canCrash}
            key={key}
            sessionKey={key}
            listed={sessions.find((session) => session.key === key)}
            now={now}
          />
        )}
      </main>
    </div>
  );
}

type SessionLinkProps = {
  session: ListedSession;
  isCurrent: boolean;
  /** The session in the address. Without one, a wide screen shows the newest, a phone only the list. */
  isChosen: boolean;
  now: number;
};

function SessionLink({ session, isCurrent, isChosen, now }: SessionLinkProps) {
  const state = states[session.state];
  const { runs, records } = session;
  return (
    <li>
      <Link
        href={`/inspect?session=${encodeURIComponent(session.key)}`}
        aria-current={isCurrent ? "page" : undefined}
        className={cn(
          "flex flex-col gap-0.5 rounded-sm px-2 py-2 hover:bg-raised md:aria-[current]:bg-raised",
          isChosen && "bg-raised",
        )}
        prefetch={false}
      >
        <span className="flex items-center gap-2">
          <span
            dir="auto"
            className={cn("min-w-0 flex-1 truncate text-sm", isCurrent ? "text-ink" : "text-ink-2")}
          >
            {session.title ?? session.key}
          </span>
          <Tag tone={state.tone} title={state.meaning}>
            {state.word}
          </Tag>
        </span>
        <span className="flex justify-between gap-2 text-2xs text-ink-3 tabular-nums">
          <span>
            {runs} {runs === 1 ? "run" : "runs"} · {records.in + records.out} records
          </span>
          <span>{agoOf(Date.parse(session.activeAt), now)}</span>
        </span>
      </Link>
    </li>
  );
}
