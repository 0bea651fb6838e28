"use client";

import { useState } from "react";
import { Composer } from "@/components/chat/composer/composer";
import { TabNotice } from "@/components/chat/composer/tab-notice";
import { ColumnCase } from "./case";

const nothing = () => {};

/** The same chat open twice: the view-only page, and the page that has taken over. */
export function TabsSection() {
  const [isReading, setIsReading] = useState(true);
  return (
    <>
      <ColumnCase className="gap-5" name="Second tab">
        <div>
          <TabNotice remoteWriter={isReading ? "tab" : undefined} onTakeOver={() => setIsReading(false)} />
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
      </ColumnCase>
      <ColumnCase className="gap-5" name="Second device">
        <TabNotice aria-label="Other devices of this chat" remoteWriter="device" onTakeOver={nothing} />
      </ColumnCase>
    </>
  );
}
