"use client";

import { useEffect, useEffectEvent } from "react";
import { isTyping } from "../shared/is-typing";
import { isWithModifier } from "../shared/modifier-key";

export type PaletteKeys = {
  /** ⌘K, or Ctrl+K. Also called while the palette is open, to close it. */
  onPalette: () => void;
  /** `?`, outside of fields. */
  onShortcuts: () => void;
  /** The modifier was pressed: a good time to load the palette. */
  onPrepare?: () => void;
};

/** The two global shortcuts. They are off while another dialog or a menu is open. */
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
