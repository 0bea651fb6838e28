"use client";

import Link from "next/link";
import { useEffect, useState } from "react";
import { Bell, BellOff } from "lucide-react";
import { InboxList, type InboxListProps } from "@/components/chat/requests/inbox-list";
import { requestKey, type HumanRequestView } from "@/components/chat/requests/request";
import { useWaitingNotice } from "@/components/chat/requests/use-waiting-notice";
import { Button } from "@/components/ui/button";
import { requestPath } from "@/lib/chat/requests/pending-calls";
import { useRequests } from "./provider";

/** All pending requests. Requests decided while the page is open stay in place until the person leaves. */
export function InboxView({ keys = "page" }: Pick<InboxListProps, "keys">) {
  const { waiting, ofChat, refresh, decide } = useRequests();
  const [listed, setListed] = useState(waiting);
  const [seen, setSeen] = useState(waiting);
  if (seen !== waiting) {
    setSeen(waiting);
    const known = new Set(listed.map(keyOf));
    setListed([...listed, ...waiting.filter((request) => !known.has(keyOf(request)))]);
  }
  const now = new Map(waiting.map((request) => [keyOf(request), request]));
  const requests = listed.map(
    (request) =>
      now.get(keyOf(request)) ??
      ofChat(request.chatId).find((each) => keyOf(each) === keyOf(request)) ??
      request,
  );

  // A request that disappeared was decided elsewhere: its chat says how.
  const goneFrom = requests.find(
    (request) => request.state === "pending" && !now.has(keyOf(request)),
  )?.chatId;
  useEffect(() => {
    if (goneFrom !== undefined) void refresh(goneFrom).catch(() => {});
  }, [goneFrom, refresh]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-4 sm:px-6">
      <div className="mx-auto flex w-full max-w-[720px] flex-col gap-4 py-5 pb-16 sm:py-8">
        <NoticeSwitch />
        <InboxList
          requests={requests}
          hrefOf={requestPath}
          LinkComponent={Link}
          keys={keys}
          onDecide={async (request, decision) => void (await decide(request, decision, "inbox"))}
        />
      </div>
    </div>
  );
}

function keyOf(request: HumanRequestView) {
  return `${request.chatId} ${requestKey(request)}`;
}

/** Asks for the browser's permission only after a press. */
function NoticeSwitch() {
  const notice = useWaitingNotice();
  if (notice.state === "unsupported") return null;
  if (notice.state === "blocked")
    return <p className="text-xs text-ink-3">Notifications are blocked in this browser's settings.</p>;
  const isOn = notice.state === "on";
  return (
    <Button
      variant="ghost"
      size="sm"
      aria-pressed={isOn}
      className="self-end"
      onClick={() => void (isOn ? notice.turnOff() : notice.turnOn())}
    >
      {isOn ? <Bell aria-hidden /> : <BellOff aria-hidden />}
      {isOn ? "Notifications on" : "Turn on notifications"}
    </Button>
  );
}
