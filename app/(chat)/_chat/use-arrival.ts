import { KnownError } from "@/components/chat/shared/known-error";
import { useCallback, useState } from "react";
import type { ChatEnvironment } from "./environment";

/** Kept for the life of the page: a new conversation uses the guest of the previous one. */
let guest: Promise<string> | undefined;

/**
 * The current user. `arrive` turns a visitor into a guest: call it when they begin to type, and before the first action
 * that needs a user. It rejects with a sentence for the person, and may be called again.
 */
export function useArrival({ userId, isNewcomer }: Pick<ChatEnvironment, "userId" | "isNewcomer">) {
  const [guestId, setGuestId] = useState<string>();
  const arrive = useCallback(async () => {
    if (!isNewcomer) return;
    guest ??= becomeGuest().catch((error: unknown) => {
      guest = undefined;
      throw error;
    });
    setGuestId(await guest);
  }, [isNewcomer]);
  return { userId: isNewcomer ? (guestId ?? userId) : userId, arrive };
}

async function becomeGuest(): Promise<string> {
  const response = await fetch("/guest", { method: "POST" });
  const body = (await response.json().catch(() => ({}))) as { userId?: string; error?: string };
  if (body.userId !== undefined) return body.userId;
  // The response isn't ours: a proxy's page, or a starting server. Retrying can help.
  if (body.error === undefined) throw new TypeError("Can't reach the server. Try again in a moment.");
  throw new KnownError(body.error);
}
