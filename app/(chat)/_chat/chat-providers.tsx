"use client";

import type { ReactNode } from "react";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { ReadClientProvider } from "./reads/read-client";
import { readChatRequests, readWaitingRequests } from "./reads/fetchers";
import { decideRequest, revokeAllowedTool } from "./actions/requests";
import { type RequestSource, RequestsProvider } from "./requests/provider";

const server: RequestSource = { readWaitingRequests, readChatRequests, decideRequest, revokeAllowedTool };

/** Context for the pages of chats: data read from the server, and pending requests. */
export function ChatProviders({ waiting, children }: { waiting: HumanRequestView[]; children: ReactNode }) {
  return (
    <ReadClientProvider>
      <RequestsProvider waiting={waiting} source={server}>
        {children}
      </RequestsProvider>
    </ReadClientProvider>
  );
}
