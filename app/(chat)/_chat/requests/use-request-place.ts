"use client";

import { useEffect, useRef, useState } from "react";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { showRequest } from "@/components/chat/requests/show-request";

export type RequestPlaceOptions = {
  /** The request that the address names, if it does. */
  wanted: HumanRequestView | undefined;
  /** Shows the branch through a message. */
  switchTo: (messageId: string) => Promise<void>;
};

/** The way to a card that is not in the page: on another branch, or in a message that was not read so far back. */
export function useRequestPlace({ wanted, switchTo }: RequestPlaceOptions) {
  const [openAt, setOpenAt] = useState<string>();
  const sought = useRef<HumanRequestView>(undefined);

  async function reveal(request: HumanRequestView) {
    sought.current = request;
    if (request.onOtherBranch) await switchTo(request.messageId);
    setOpenAt(request.messageId);
  }

  const followed = useRef<string>(undefined);
  useEffect(() => {
    if (wanted && followed.current !== requestKey(wanted)) {
      followed.current = requestKey(wanted);
      void reveal(wanted).catch(() => {});
    }
    // The card comes into the page some renders later than its message is asked for.
    if (sought.current !== undefined && showRequest(sought.current)) sought.current = undefined;
  });

  return { openAt, reveal };
}

/** The request that the address names. An old link names the call alone: the newest of that id is meant. */
export function findWanted(
  requests: HumanRequestView[],
  address: { get: (name: string) => string | null },
): HumanRequestView | undefined {
  const [call, message] = [address.get("request"), address.get("in")];
  return requests.findLast(
    ({ toolCallId, messageId }) => toolCallId === call && (message === null || messageId === message),
  );
}
