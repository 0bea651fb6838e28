"use client";

import { useCallback, useState } from "react";
import type { UIMessage } from "ai";
import { Message } from "@/components/chat/conversation/message";
import { MessageList } from "@/components/chat/conversation/message-list";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { RequestBar } from "@/components/chat/requests/request-bar";
import { useWaitingBadge } from "@/components/chat/requests/use-waiting-badge";
import { Button } from "@/components/ui/button";
import { DrawnParts } from "@/app/(chat)/_chat/requests/drawn-parts";
import { InboxView } from "@/app/(chat)/_chat/requests/inbox-view";
import { ReadClientProvider } from "@/app/(chat)/_chat/reads/read-client";
import { type RequestSource, RequestsProvider, useRequests } from "@/app/(chat)/_chat/requests/provider";
import { useChatRequests } from "@/app/(chat)/_chat/requests/use-chat-requests";
import * as samples from "./request-samples";
import { settle } from "./settle";

const asked: HumanRequestView[] = [
  { ...samples.approval, chatId: "waiting", toolCallId: "waiting-approval" },
  { ...samples.severalQuestion, chatId: "waiting", toolCallId: "waiting-question" },
];

const messages: UIMessage[] = [
  {
    id: "q",
    role: "user",
    parts: [{ type: "text", text: "Refund the lamp and find a day for the courier." }],
  },
  {
    id: "m1",
    role: "assistant",
    parts: [
      { type: "text", text: "Before I send money I need your word, and a day for the pickup:" },
      ...asked.map(({ tool, toolCallId, input }) => ({
        type: "dynamic-tool" as const,
        toolName: tool,
        toolCallId,
        state: "input-available" as const,
        input,
      })),
    ],
  },
];

/** A simulated server: the first decision counts, and a later one learns who was first. */
class Desk {
  requests = asked;

  readonly source: RequestSource = {
    readWaitingRequests: async () => this.requests.filter(({ state }) => state === "pending"),
    readChatRequests: async () => ({ requests: this.requests, allowedTools: [] }),
    revokeAllowedTool: async () => {},
    decideRequest: async ({ messageId, toolCallId, decision, via }) => {
      const request = this.requests.find(
        (each) => requestKey(each) === requestKey({ messageId, toolCallId }),
      );
      if (!request || request.state !== "pending") return { problem: "Mara has decided this already." };
      this.put({ ...settle(request, decision), decidedVia: via });
      return {};
    },
  };

  put(request: HumanRequestView) {
    this.requests = this.requests.map((each) => (requestKey(each) === requestKey(request) ? request : each));
  }

  decideElsewhere() {
    const request = this.requests.find(({ state }) => state === "pending");
    if (request)
      this.put({
        ...settle(request, { type: "deny", reason: "Wait for the photo." }),
        decidedBy: "Mara",
        decidedVia: "link",
      });
  }
}

/** A conversation with pending requests, its bar and the inbox, all showing the same requests. */
export function WaitingChat() {
  const [desk] = useState(() => new Desk());
  const [isBadged, setIsBadged] = useState(false);
  return (
    <ReadClientProvider>
      <RequestsProvider waiting={asked} source={desk.source}>
        <div className="flex flex-wrap gap-2">
          <Button size="sm" onClick={() => desk.decideElsewhere()}>
            Decide the first one elsewhere
          </Button>
          <Button size="sm" aria-pressed={isBadged} onClick={() => setIsBadged(!isBadged)}>
            Mark the tab
          </Button>
        </div>
        {isBadged && <Badge />}
        <div className="flex h-[680px] flex-col overflow-hidden rounded-lg border">
          <DrawnParts>
            <Chat />
          </DrawnParts>
        </div>
        <div className="flex max-h-[680px] flex-col overflow-hidden rounded-lg border">
          <InboxView keys="within" />
        </div>
      </RequestsProvider>
    </ReadClientProvider>
  );
}

function Chat() {
  const { pending, renderTool } = useChatRequests({
    chatId: "waiting",
    messages,
    isAnswering: false,
    initial: asked,
  });
  const renderMessage = useCallback(
    (message: UIMessage) => <Message message={message} renderTool={renderTool} />,
    [renderTool],
  );
  return (
    <>
      <MessageList messages={messages} renderMessage={renderMessage} />
      <div className="px-3 pb-1">
        <RequestBar requests={pending} />
      </div>
    </>
  );
}

function Badge() {
  useWaitingBadge(useRequests().waiting.length);
  return null;
}
