"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { untilLoaded } from "@/components/chat/shared/until-loaded";

// Shows nothing while the parts load: the page hydrates together with them.
const DrawnParts = dynamic(() =>
  untilLoaded(() => import("./drawn-parts")).then(({ DrawnParts }) => DrawnParts),
);

/**
 * Delays the hydration of a page until its server-rendered parts have loaded. If it hydrated without them, React would
 * discard the server's HTML at the first change, and lose every press until then.
 */
export function PageWithParts({ areDrawn, children }: { areDrawn: boolean; children: ReactNode }) {
  const isServersPage = useSyncExternalStore(
    noSubscription,
    () => false,
    () => true,
  );
  // Keeps the initial value, so that nothing inside remounts.
  const [waitsForParts] = useState(isServersPage && areDrawn);
  return waitsForParts ? <DrawnParts>{children}</DrawnParts> : children;
}

function noSubscription() {
  return () => {};
}
