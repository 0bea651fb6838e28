"use client";

import type { ReactNode } from "react";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { ReadClientProvider } from "./reads/read-client";
import { readChatRequests, readWaitingRequests } from "./reads/fetchers";
import { decideRequest, revokeAllowedTool } from "./actions/requests";
import { type RequestSource, RequestsProvider } from "./requests/provider";

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
