"use client";

import type { RefObject } from "react";
import * as Dialog from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Overlay } from "@/components/ui/overlay";

export type LightboxProps = {
  src: string;
  alt: string;
  onClose: () => void;
  /** Gets the focus back when the image closes. */
  opener: RefObject<HTMLElement | null>;
};

/** One image, as large as the window allows. Loaded when the first image is opened. */
export default function Lightbox({ src, alt, onClose, opener }: LightboxProps) {
  return (
    <Dialog.Root defaultOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Overlay data-slot="lightbox-overlay" />
        <Dialog.Content
          data-slot="lightbox"
          aria-describedby={undefined}
          className="fixed inset-0 z-50 flex flex-col items-center justify-center gap-3 p-4 outline-none sm:p-10"
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.current?.focus();
          }}
          // A press on the space around the picture closes it.
          onClick={(event) => event.target === event.currentTarget && onClose()}
        >
          {/* The kit doesn't need Next's image component. */}
          {/* oxlint-disable-next-line nextjs/no-img-element */}
          <img
            src={src}
            alt={alt}
            className="min-h-0 max-w-full rounded-md bg-surface object-contain shadow-card"
          />
          <Dialog.Title className="max-w-full truncate rounded-sm bg-surface px-2 py-0.5 text-sm font-normal text-ink-2">
            {alt}
          </Dialog.Title>
          <Dialog.Close asChild>
            <Button size="icon" aria-label="Close" className="absolute top-3 right-3">
              <X aria-hidden />
            </Button>
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
