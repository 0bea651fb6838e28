"use client";

import { useEffect, useEffectEvent } from "react";
import { isTyping } from "../shared/is-typing";
import { isWithModifier } from "../shared/modifier-key";

export type PaletteKeys = {
  /** ⌘K, or Ctrl+K. Called again while the palette is open: close it then. */
  onPalette: () => void;
  /** `?`, outside of fields. */
  onShortcuts: () => void;
  /** The modifier went down: what is loaded lazily may be wanted in a moment. */
  onPrepare?: () => void;
};

/** The two keys that work wherever the focus is. While another dialog or a menu is open they are not theirs. */
export function usePaletteKeys({ onPalette, onShortcuts, onPrepare }: PaletteKeys): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Meta" || event.key === "Control") return onPrepare?.();
    const isPalette = event.key.toLowerCase() === "k" && isWithModifier(event);
    const isHelp = event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isPalette && (!isHelp || isTyping(event.target))) return;
    const isElsewhere = document.querySelector("[role=menu], [role=dialog]:not([data-slot=command-palette])");
    if (isElsewhere) return;
    event.preventDefault();
    if (event.repeat) return;
    if (isPalette) onPalette();
    else onShortcuts();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKeyDown(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}
