"use client";

import { useEffect, useState } from "react";
import { type LaterTransport, type LaterTransportOptions, laterTransport } from "./lazy-transport";

/**
 * The SDK's transport, loaded when the conversation stands on the page: it is a third of the page's script, and
 * nothing that is shown first needs it. Until then a session is kept for it, and whatever is sent waits.
 */
export function useChatTransport(options: LaterTransportOptions): LaterTransport {
  const [transport] = useState(() => laterTransport(options));
  useEffect(() => transport.use(options));
  useEffect(() => {
    // When it cannot be loaded, whoever sends tries again, and learns of it.
    transport.load().catch(() => {});
  }, [transport]);
  return transport;
}
