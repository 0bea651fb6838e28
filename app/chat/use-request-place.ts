"use client";

import { useEffect, useRef, useState } from "react";
import type { HumanRequestView } from "@/components/chat/request";
import { showRequest } from "@/components/chat/show-request";

export type RequestPlaceOptions = {
  /** The request that the address names, if it does. */
  wanted: HumanRequestView | undefined;
  /** Shows the branch through a message. */
  switchTo: (messageId: string) => Promise<void>;
};

/** The way to a card that is not in the page: on another branch, or in a message that was not read so far back. */
export function useRequestPlace({ wanted, switchTo }: RequestPlaceOptions) {
  const [openAt, setOpenAt] = useState<string>();
  const sought = useRef<string>(undefined);

  async function reveal(request: HumanRequestView) {
    sought.current = request.toolCallId;
    if (request.onOtherBranch) await switchTo(request.messageId);
    setOpenAt(request.messageId);
  }

  const followed = useRef<string>(undefined);
  useEffect(() => {
    if (wanted && followed.current !== wanted.toolCallId) {
      followed.current = wanted.toolCallId;
      void reveal(wanted).catch(() => {});
    }
    // The card comes into the page some renders later than its message is asked for.
    if (sought.current !== undefined && showRequest(sought.current)) sought.current = undefined;
  });

  return { openAt, reveal };
}
