"use client";

import { useEffect } from "react";

const SIZE = 32;

/** Shows the number of pending requests before the tab's title, and a dot on its icon. */
export function useWaitingBadge(count: number): void {
  useEffect(() => {
    if (count === 0) return undefined;
    const prefix = `(${count}) `;
    const mark = () => {
      if (!document.title.startsWith(prefix)) document.title = prefix + withoutBadge(document.title);
    };
    mark();
    // A navigation sets a new title.
    const observer = new MutationObserver(mark);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
      document.title = withoutBadge(document.title);
    };
  }, [count]);

  const isWaiting = count > 0;
  useEffect(() => {
    if (!isWaiting) return undefined;
    const own = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!own) return undefined;
    const marked = document.createElement("link");
    marked.rel = "icon";
    marked.type = "image/png";
    const image = new Image();
    image.addEventListener("load", () => {
      const href = withDot(image);
      if (!href) return;
      marked.href = href;
      // Browsers use the last of several icons.
      document.head.append(marked);
    });
    image.src = own.href;
    return () => {
      image.src = "";
      marked.remove();
    };
  }, [isWaiting]);
}

export function withoutBadge(title: string): string {
  return title.replace(/^\(\d+\) /, "");
}

function withDot(image: HTMLImageElement): string | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.drawImage(image, 0, 0, SIZE, SIZE);
  context.beginPath();
  context.arc(SIZE - 8, 8, 7, 0, 2 * Math.PI);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--amber");
  context.fill();
  return canvas.toDataURL("image/png");
}
