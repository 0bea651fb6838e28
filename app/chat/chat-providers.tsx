"use client";

import type { ReactNode } from "react";
import type { HumanRequestView } from "@/components/chat/request";
import { ReadClientProvider } from "./read-client";
import { readChatRequests, readWaitingRequests } from "./reads";
import { decideRequest, revokeAllowedTool } from "./request-actions";
import { type RequestSource, RequestsProvider } from "./requests";

const server: RequestSource = { readWaitingRequests, readChatRequests, decideRequest, revokeAllowedTool };

/** What everything around and inside a chat reads from: the server's answers, and what waits for the person. */
export function ChatProviders({ waiting, children }: { waiting: HumanRequestView[]; children: ReactNode }) {
  return (
    <ReadClientProvider>
      <RequestsProvider waiting={waiting} source={server}>
        {children}
      </RequestsProvider>
    </ReadClientProvider>
  );
}
