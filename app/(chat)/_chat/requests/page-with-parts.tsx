"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { untilLoaded } from "@/components/chat/shared/until-loaded";

// Nothing stands in its place while it loads: the page comes alive together with it.
const DrawnParts = dynamic(() =>
  untilLoaded(() => import("./drawn-parts")).then(({ DrawnParts }) => DrawnParts),
);

/**
 * Around a page of which the server has drawn such parts: it comes alive when they can. If it came alive without them,
 * React would throw away what the server drew with the first change around it, and every press on it until then would
 * be lost.
 */
export function PageWithParts({ areDrawn, children }: { areDrawn: boolean; children: ReactNode }) {
  const isServersPage = useSyncExternalStore(
    noSubscription,
    () => false,
    () => true,
  );
  // As it began: nothing inside may begin anew.
  const [waitsForParts] = useState(isServersPage && areDrawn);
  return waitsForParts ? <DrawnParts>{children}</DrawnParts> : children;
}

function noSubscription() {
  return () => {};
}
