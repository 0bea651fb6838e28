"use client";

import { cn } from "@/lib/utils";
import { formatCost } from "../conversation/message-meta";

export type UsageSum = {
  answers: number;
  inputTokens: number;
  outputTokens: number;
  /** In US dollars, of answers with a known cost. */
  cost: number;
  /** Answers without a known cost. */
  unpriced: number;
  /** Of these, answers without a token count. */
  uncounted: number;
};

export type UsageSummaryProps = Omit<React.ComponentProps<"div">, "children"> & {
  /** The shown branch. */
  branch: UsageSum;
  /** All branches together. */
  chat: UsageSum;
};

/** The token use and cost of a chat: of the shown branch and of all branches. Says what is unknown. */
export function UsageSummary({ branch, chat, className, ...props }: UsageSummaryProps) {
  if (chat.answers === 0)
    return (
      <p data-slot="usage-summary" className={cn("text-sm text-ink-2", className)} {...props}>
        No usage yet.
      </p>
    );
  const columns =
    branch.answers === chat.answers
      ? [{ name: "This chat", sum: chat }]
      : [
          { name: "Shown branch", sum: branch },
          { name: "All branches", sum: chat },
        ];
  return (
    <div data-slot="usage-summary" className={cn("flex flex-col gap-3 text-sm", className)} {...props}>
      <table className="w-full border-collapse tabular-nums">
        <thead>
          <tr className="text-xs text-ink-3">
            <th scope="col">
              <span className="sr-only">What</span>
            </th>
            {columns.map(({ name }) => (
              <th key={name} scope="col" className="pb-2 pl-4 text-right font-normal">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, value }) => (
            <tr key={name} className="border-t">
              <th scope="row" className="py-2 text-left font-normal text-ink-2">
                {name}
              </th>
              {columns.map(({ name: column, sum }) => (
                <td key={column} className="py-2 pl-4 text-right">
                  {value(sum)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {chat.unpriced > 0 && (
        <p data-slot="usage-summary-unknown" className="text-xs text-ink-3">
          {unknown(chat)}
        </p>
      )}
    </div>
  );
}

const rows: Array<{ name: string; value: (sum: UsageSum) => string }> = [
  { name: "Answers", value: ({ answers }) => count(answers) },
  { name: "Input tokens", value: ({ inputTokens }) => count(inputTokens) },
  { name: "Output tokens", value: ({ outputTokens }) => count(outputTokens) },
  { name: "Cost", value: costOf },
];

/** A partly unknown sum is a lower bound; a wholly unknown sum is no number. */
function costOf({ answers, cost, unpriced }: UsageSum) {
  if (unpriced === 0) return formatCost(cost);
  return unpriced === answers ? "unknown" : `at least ${formatCost(cost)}`;
}

function unknown({ unpriced, uncounted }: UsageSum) {
  const price = `Price unknown for ${answers(unpriced)}.`;
  if (uncounted === 0) return price;
  return `${price} The tokens of ${answers(uncounted)} weren't counted: stopped, or not reported by the model.`;
}

function answers(number: number) {
  return `${count(number)} ${number === 1 ? "answer" : "answers"}`;
}

function count(number: number) {
  return number.toLocaleString("en");
}
