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

/** The conversation tells the palette what it can do. */
export function useOfferCommands(commands: OpenChatCommands): void {
  const { offer } = use(CommandsContext);
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  // The palette hears of it when something becomes possible or impossible, not with every token.
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

/** Opens the list of what the keyboard can do. */
export function useShowShortcuts(): () => void {
  return use(CommandsContext).showShortcuts;
}

export type CommandsProviderProps = Omit<
  CommandsPaletteProps,
  "isOpen" | "onOpenChange" | "onShowShortcuts" | "openChat"
> & { children: ReactNode };

/** ⌘K and `?` for everything inside. Both dialogs are loaded when they are first wanted. */
export function CommandsProvider({ children, ...palette }: CommandsProviderProps) {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const [openChat, offer] = useState<OpenChatCommands>({});
  const showShortcuts = useCallback(() => setOpen("shortcuts"), []);
  usePaletteKeys({
    onPalette: () => setOpen(open === "palette" ? null : "palette"),
    onShortcuts: showShortcuts,
    // Should it fail now, the press itself tries again.
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
