"use client";

import { lazy, Suspense, useRef, useState } from "react";
import { ImageOff } from "lucide-react";
import { cn } from "@/lib/utils";
import { isOwnImage } from "../shared/own-address";
import { untilLoaded } from "../shared/until-loaded";

const Lightbox = lazy(() => untilLoaded(() => import("./lightbox")));

export type MessageImageProps = Omit<React.ComponentProps<"button">, "children" | "onClick"> & {
  src: string;
  alt: string;
};

/** An image that opens large. An image from another origin is named and not loaded. */
export function MessageImage({ src, alt, className, ...props }: MessageImageProps) {
  const [isOpen, setIsOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const [isBroken, setIsBroken] = useState(false);
  if (isBroken || !isOwnImage(src)) {
    return (
      <span
        data-slot="message-image-missing"
        className={cn(
          "flex max-w-full items-center gap-2 rounded-md border px-3 py-2 text-sm text-ink-2",
          className,
        )}
      >
        <ImageOff aria-hidden className="size-4 shrink-0 text-ink-3" />
        <span className="truncate">{alt}</span>
        <span className="shrink-0 text-xs text-ink-3">{isBroken ? "can't be displayed" : "not loaded"}</span>
      </span>
    );
  }
  return (
    <>
      <button
        ref={opener}
        data-slot="message-image"
        type="button"
        aria-label={`Open image: ${alt}`}
        className={cn("max-w-full cursor-zoom-in rounded-md", className)}
        {...props}
        onClick={() => setIsOpen(true)}
      >
        {/* The kit doesn't need Next's image component. */}
        {/* oxlint-disable-next-line nextjs/no-img-element */}
        <img
          src={src}
          alt={alt}
          loading="lazy"
          decoding="async"
          className="max-h-80 max-w-full rounded-md border object-contain"
          onError={() => setIsBroken(true)}
        />
      </button>
      {isOpen && (
        <Suspense>
          <Lightbox src={src} alt={alt} onClose={() => setIsOpen(false)} opener={opener} />
        </Suspense>
      )}
    </>
  );
}
