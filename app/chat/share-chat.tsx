"use client";

import { useEffect, useState } from "react";
import { ShareDialog, type ShareLink } from "@/components/chat/share-dialog";
import { listShares, revokeShare, shareChat } from "./chat-actions";
import { describeError } from "./expected-error";

/** The dialog of one chat's links. */
export function ShareChat({ chatId, onClose }: { chatId: string; onClose: () => void }) {
  const [links, setLinks] = useState<ShareLink[]>();
  useEffect(() => {
    // Without the list a link can still be made.
    listShares(chatId).then(setLinks, () => {});
  }, [chatId]);

  const described = (error: unknown) => Promise.reject(new Error(describeError(error)));
  return (
    <ShareDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      links={links}
      onCreate={async () => {
        const { path } = await shareChat(chatId).catch(described);
        setLinks(await listShares(chatId).catch(() => links));
        return new URL(path, window.location.origin).href;
      }}
      onRevoke={async (id) => {
        await revokeShare(id).catch(described);
        setLinks((all) => all?.filter((link) => link.id !== id));
      }}
    />
  );
}
