"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ShareDialog, type ShareLink } from "@/components/chat/shell/share-dialog";
import { KnownError } from "@/components/chat/shared/known-error";
import { revokeShare, shareChat } from "./actions/chats";
import { describeError } from "./actions/expected-error";
import { readShares } from "./reads/fetchers";

/** The dialog of one chat's share links. */
export function ShareChat({ chatId, onClose }: { chatId: string; onClose: () => void }) {
  const client = useQueryClient();
  const queryKey = ["shares", chatId];
  // If the list can't be read, a link can still be created.
  const { data: links, refetch } = useQuery<ShareLink[]>({
    queryKey,
    queryFn: ({ signal }) => readShares(chatId, signal),
    refetchOnMount: "always",
  });

  const described = (error: unknown) => Promise.reject(new KnownError(describeError(error)));
  return (
    <ShareDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      links={links}
      onCreate={async () => {
        const { path } = await shareChat(chatId).catch(described);
        void refetch();
        return new URL(path, window.location.origin).href;
      }}
      onRevoke={async (id) => {
        await revokeShare(id).catch(described);
        client.setQueryData<ShareLink[]>(queryKey, (all) => all?.filter((link) => link.id !== id));
      }}
    />
  );
}
