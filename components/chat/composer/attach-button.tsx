import { useRef } from "react";
import { Paperclip } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Attachments } from "./use-attachments";

/** Opens the file dialog. */
export function AttachButton({ add, limits }: Pick<Attachments, "add" | "limits">) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={limits.accept}
        onChange={(event) => {
          add([...(event.currentTarget.files ?? [])]);
          // Without this, choosing the same file again would fire no event.
          event.currentTarget.value = "";
        }}
      />
      <Button
        variant="ghost"
        size="icon"
        data-slot="attach-button"
        aria-label="Attach files"
        title="Attach files, or paste or drop them"
        onClick={() => {
          if (!input.current) return;
          if (limits.acceptOnIos !== undefined && isIos()) input.current.accept = limits.acceptOnIos;
          input.current.click();
        }}
      >
        <Paperclip aria-hidden className="size-[17px]!" />
      </Button>
    </>
  );
}

/** An iPad calls itself a Mac, but no Mac has a touch screen. */
function isIos(): boolean {
  return (
    /iPhone|iPad|iPod/.test(navigator.userAgent) ||
    (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  );
}
