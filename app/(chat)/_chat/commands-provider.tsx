"use client";

import dynamic from "next/dynamic";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { untilLoaded } from "@/components/chat/shared/until-loaded";
import { usePaletteKeys } from "@/components/chat/shell/use-palette-keys";
import type { CommandsPaletteProps, OpenChatCommands } from "./commands-palette";

const CommandsPalette = dynamic(
  () => untilLoaded(() => import("./commands-palette")).then(({ CommandsPalette }) => CommandsPalette),
  { ssr: false },
);
const ShortcutsDialog = dynamic(
  () =>
    untilLoaded(() => import("@/components/chat/shell/shortcuts-dialog")).then(
      ({ ShortcutsDialog }) => ShortcutsDialog,
    ),
  { ssr: false },
);

type Commands = { offer: (commands: OpenChatCommands) => void; showShortcuts: () => void };

const CommandsContext = createContext<Commands>({ offer: () => {}, showShortcuts: () => {} });

/** Registers the open conversation's commands with the palette. */
export function useOfferCommands(commands: OpenChatCommands): void {
  const { offer } = use(CommandsContext);
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  // Updates the palette when a command becomes available or unavailable, not with every token.
  const canStop = commands.onStop !== undefined;
  const canUndo = commands.onUndo !== undefined;
  const canRedo = commands.onRedo !== undefined;
  useEffect(() => {
    offer({
      onStop: canStop ? () => latest.current.onStop?.() : undefined,
      onUndo: canUndo ? () => latest.current.onUndo?.() : undefined,
      onRedo: canRedo ? () => latest.current.onRedo?.() : undefined,
    });
    return () => offer({});
  }, [offer, canStop, canUndo, canRedo]);
}

/** Opens the list of keyboard shortcuts. */
export function useShowShortcuts(): () => void {
  return use(CommandsContext).showShortcuts;
}

export type CommandsProviderProps = Omit<
  CommandsPaletteProps,
  "isOpen" | "onOpenChange" | "onShowShortcuts" | "openChat"
> & { children: ReactNode };

/** Handles ⌘K and `?` for everything inside. Both dialogs are loaded when first needed. */
export function CommandsProvider({ children, ...palette }: CommandsProviderProps) {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const [openChat, offer] = useState<OpenChatCommands>({});
  const showShortcuts = useCallback(() => setOpen("shortcuts"), []);
  usePaletteKeys({
    onPalette: () => setOpen(open === "palette" ? null : "palette"),
    onShortcuts: showShortcuts,
    // If preloading fails, the press itself tries again.
    onPrepare: () => void import("./commands-palette").catch(() => {}),
  });
  const commands = useMemo(() => ({ offer, showShortcuts }), [showShortcuts]);
  const close = (isOpen: boolean) => !isOpen && setOpen(null);
  return (
    <CommandsContext value={commands}>
      {children}
      {open === "palette" && (
        <CommandsPalette
          {...palette}
          isOpen
          onOpenChange={close}
          openChat={openChat}
          onShowShortcuts={showShortcuts}
        />
      )}
      {open === "shortcuts" && <ShortcutsDialog isOpen onOpenChange={close} />}
    </CommandsContext>
  );
}
