"use client";

import { type ReactNode, useState } from "react";
import { Composer } from "@/components/chat/composer/composer";
import { TabNotice } from "@/components/chat/composer/tab-notice";

const nothing = () => {};

/** The same chat open twice: the page that reads along, and the one that has taken over. */
export function TabsSection() {
  const [isReading, setIsReading] = useState(true);
  return (
    <>
      <Case name="Second tab">
        <div>
          <TabNotice elsewhere={isReading ? "tab" : undefined} onTakeOver={() => setIsReading(false)} />
          <Composer
            onSend={nothing}
            onStop={nothing}
            isStreaming={!isReading}
            canQueue
            canSteer
            {...(isReading && { disabledReason: "View only. Take over to write." })}
            placeholder="Reading along"
          />
        </div>
      </Case>
      <Case name="Second device">
        <TabNotice aria-label="Other devices of this chat" elsewhere="device" onTakeOver={nothing} />
      </Case>
    </>
  );
}

function Case({ name, children }: { name: string; children: ReactNode }) {
  return (
    // Not a landmark: the shell beside it has the page's own.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label={name} data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">{name}</h2>
      <div className="flex w-full max-w-[720px] flex-col gap-5">{children}</div>
    </div>
  );
}
