"use client";

import { cn } from "@/lib/utils";
import { requestKey, toolTitle, type HumanRequestView } from "./request";
import { SettledRequest, settledFaces } from "./settled-request";

export type DecisionHistoryProps = Omit<React.ComponentProps<"div">, "children"> & {
  /** Every decision in the chat, the newest first. */
  decisions: HumanRequestView[];
  /** Links to the same list as files. */
  exports?: { csv: string; json: string };
};

/** Lists who decided what, when, from where, and what was proposed. */
export function DecisionHistory({ decisions, exports, className, ...props }: DecisionHistoryProps) {
  if (decisions.length === 0) return <p className="text-sm text-ink-2">No decisions in this chat yet.</p>;
  return (
    <div data-slot="decision-history" className={cn("flex flex-col gap-4", className)} {...props}>
      <ol aria-label="Decisions" className="flex flex-col">
        {decisions.map((decision) => {
          const face = settledFaces[decision.state];
          return (
            <li
              key={`${decision.chatId} ${requestKey(decision)}`}
              className="flex gap-3 border-t py-4 first:border-t-0 first:pt-0"
            >
              <face.icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", face.tone)} />
              <div className="flex min-w-0 flex-1 flex-col gap-2">
                <p className="text-sm font-medium wrap-anywhere" dir="auto">
                  {decision.title}
                  <span className="text-xs font-normal text-ink-3"> {toolTitle(decision)}</span>
                </p>
                <SettledRequest request={decision} />
              </div>
            </li>
          );
        })}
      </ol>
      {exports && (
        <p className="text-[13px] text-ink-2">
          Export:{" "}
          <a className="underline underline-offset-3" href={exports.csv} download>
            CSV
          </a>{" "}
          ·{" "}
          <a className="underline underline-offset-3" href={exports.json} download>
            JSON
          </a>
        </p>
      )}
    </div>
  );
}
