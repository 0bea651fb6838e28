import type { InspectedRun } from "@/lib/inspected";
import { ScrollBox } from "@/components/ui/scroll-box";
import { Skeleton } from "@/components/ui/skeleton";
import { Tag } from "./tag";
import { outOfMemory, reasonOf, spanOf, startOf, statusOf } from "./labels";

export type RunTableProps = {
  /** Newest first. */
  runs: InspectedRun[];
  total: number;
  now: number;
  isConnecting: boolean;
  /** What just happened to the runs, in a sentence. */
  news: string | undefined;
};

const HEAD = "px-2 py-1.5 text-start text-2xs font-normal text-ink-3 first:pl-4 last:pr-4";
const CELL = "px-2 py-1.5 align-top first:pl-4 last:pr-4";

/** Every run of the session, and why it began. */
export function RunTable({ runs, total, now, isConnecting, news }: RunTableProps) {
  return (
    <section aria-labelledby="runs" className="flex shrink-0 flex-col border-b md:max-h-[232px] md:min-h-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 px-4 pt-2.5">
        <h2 id="runs" className="text-sm font-[550]">
          Runs <span className="font-normal text-ink-3 tabular-nums">{total || ""}</span>
        </h2>
        <output className="text-xs text-ink-2 tabular-nums motion-safe:animate-fade">{news}</output>
      </div>
      <ScrollBox aria-label="Runs" className="min-h-0">
        <table className="w-full border-collapse text-sm tabular-nums">
          <thead>
            <tr>
              <th scope="col" className={HEAD}>
                Why
              </th>
              <th scope="col" className={HEAD}>
                Status
              </th>
              <th scope="col" className={HEAD}>
                Duration
              </th>
              <th scope="col" className={`${HEAD} hidden sm:table-cell`}>
                Started
              </th>
              <th scope="col" className={`${HEAD} hidden sm:table-cell`}>
                Worker
              </th>
              <th scope="col" className={`${HEAD} hidden lg:table-cell`}>
                Run
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run, index) => (
              <Run key={run.id} run={run} number={total - index} now={now} />
            ))}
          </tbody>
        </table>
        {isConnecting && <Skeleton className="mx-4 my-2.5 h-3.5 w-2/5" />}
        {runs.length === 0 && !isConnecting && <p className="px-4 pb-3 text-xs text-ink-3">No runs yet.</p>}
      </ScrollBox>
    </section>
  );
}

function Run({ run, number, now }: { run: InspectedRun; number: number; now: number }) {
  const reason = reasonOf(run.reason);
  const status = statusOf(run.status);
  const started = run.startedAt === null ? null : Date.parse(run.startedAt);
  const ended = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  return (
    <tr className="border-t" data-slot="run" data-reason={run.reason} title={reason.meaning}>
      <th scope="row" className={`${CELL} text-start font-normal`}>
        <span className="mr-2 text-xs text-ink-3">#{number}</span>
        {reason.word}
        {run.attempt > 1 && <span className="text-ink-3"> · retry {run.attempt}</span>}
        {run.outgrown && (
          <span className="block text-xs text-ink-2">{outOfMemory(run.outgrown, run.machine)}</span>
        )}
        {run.error && <span className="block text-xs text-ink-3">{run.error}</span>}
      </th>
      <td className={CELL}>
        <Tag tone={status.tone}>{status.word}</Tag>
      </td>
      <td className={`${CELL} whitespace-nowrap`}>{started === null ? "–" : spanOf(ended - started)}</td>
      <td className={`${CELL} hidden font-mono text-xs text-ink-2 sm:table-cell`}>
        {started === null ? "–" : startOf(started)}
      </td>
      <td className={`${CELL} hidden font-mono text-xs text-ink-2 sm:table-cell`}>
        {run.pid === null ? "gone" : `pid ${run.pid}`}
      </td>
      <td className={`${CELL} hidden font-mono text-xs text-ink-3 lg:table-cell`}>{run.id}</td>
    </tr>
  );
}
