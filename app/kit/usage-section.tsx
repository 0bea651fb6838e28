"use client";

import { UsageSummary, type UsageSum } from "@/components/chat/shell/usage-summary";

const branch: UsageSum = {
  answers: 6,
  inputTokens: 18_204,
  outputTokens: 4_031,
  cost: 0.0767,
  unpriced: 0,
  uncounted: 0,
};
const chat: UsageSum = { ...branch, answers: 9, inputTokens: 31_477, outputTokens: 7_120, cost: 0.1342 };

/** The usage of a chat, known and partly unknown. */
export function UsageSection() {
  return (
    // Not a landmark: the shell of the gallery already has them.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label="Usage" data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">Usage</h2>
      <div className="grid max-w-[960px] gap-x-10 gap-y-8 sm:grid-cols-2">
        <UsageSummary branch={branch} chat={branch} />
        <UsageSummary branch={branch} chat={chat} />
        <UsageSummary branch={branch} chat={{ ...chat, unpriced: 2, uncounted: 1 }} />
        <UsageSummary branch={{ ...branch, cost: 0, unpriced: 6 }} chat={{ ...chat, cost: 0, unpriced: 9 }} />
        <UsageSummary
          branch={{ answers: 0, inputTokens: 0, outputTokens: 0, cost: 0, unpriced: 0, uncounted: 0 }}
          chat={{ answers: 0, inputTokens: 0, outputTokens: 0, cost: 0, unpriced: 0, uncounted: 0 }}
        />
      </div>
    </div>
  );
}
