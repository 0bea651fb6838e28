"use client";

import { useEffect, useRef, useState } from "react";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { showRequest } from "@/components/chat/requests/show-request";

export type RequestPlaceOptions = {
  /** The request named in the address, if any. */
  wanted: HumanRequestView | undefined;
  /** Shows the branch through a message. */
  switchTo: (messageId: string) => Promise<void>;
};

/** Brings a card into view that isn't in the page: on another branch, or in an earlier message that isn't loaded. */
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
    // The card appears several renders after its message was requested.
    if (sought.current !== undefined && showRequest(sought.current)) sought.current = undefined;
  });

  return { openAt, reveal };
}

/** The request named in the address. Old links contain only the call's id: the newest one counts. */
export function findWanted(
  requests: HumanRequestView[],
  address: { get: (name: string) => string | null },
): HumanRequestView | undefined {
  const [call, message] = [address.get("request"), address.get("in")];
  return requests.findLast(
    ({ toolCallId, messageId }) => toolCallId === call && (message === null || messageId === message),
  );
}
