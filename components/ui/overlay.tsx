import { Overlay as RadixOverlay } from "@radix-ui/react-dialog";

/** Dims the page behind a dialog, a drawer or an open image. */
export function Overlay(props: React.ComponentProps<typeof RadixOverlay>) {
  return <RadixOverlay className="fixed inset-0 z-40 bg-overlay motion-safe:animate-fade" {...props} />;
}
