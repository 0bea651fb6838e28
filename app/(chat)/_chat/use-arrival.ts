import { KnownError } from "@/components/chat/shared/known-error";
import { useCallback, useState } from "react";
import type { ChatEnvironment } from "./environment";

/** Of this page's life: a new conversation in it finds the guest that the one before made. */
let guest: Promise<string> | undefined;

/**
 * Who writes here. A newcomer becomes a guest with `arrive`: call it when they begin to type, and before the first thing
 * that needs a person. It rejects with a sentence for the person, and may be called again.
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
  // No words of ours: a proxy's page, or a server that is just starting. That is worth another try.
  if (body.error === undefined)
    throw new TypeError("The server could not be reached. Try again in a moment.");
  throw new KnownError(body.error);
}
