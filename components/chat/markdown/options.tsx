"use client";

import {
  Component,
  type ComponentType,
  type ReactNode,
  Suspense,
  createContext,
  useSyncExternalStore,
} from "react";

export type FenceProps = { code: string };

export type MarkdownOptionsValue = {
  /** Draws `$$…$$`, `\(…\)` and `\[…\]`. The renderer is loaded when the first formula comes. */
  math?: boolean;
  /** What draws a closed block of code in this language instead of showing its code. Give it a lazy component. */
  fences?: Record<string, ComponentType<FenceProps>>;
};

/**
 * What the markdown below may draw besides the usual. Nothing by default: each costs weight, and diagrams run a
 * parser over what a model wrote. Keep the value stable.
 *
 * ```tsx
 * const fences = { mermaid: lazy(() => import("./diagram")) };
 * const options = { math: true, fences };
 *
 * <MarkdownOptions value={options}>…</MarkdownOptions>
 * ```
 */
export const MarkdownOptions = createContext<MarkdownOptionsValue>({});

type FenceBoxProps = FenceProps & { renderer: ComponentType<FenceProps>; fallback: ReactNode };

/** A drawing that has not loaded yet, or cannot be made of this code, leaves the code where it was. */
export class Fence extends Component<FenceBoxProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    const { code, renderer: Renderer, fallback } = this.props;
    if (this.state.hasFailed) return fallback;
    return (
      <Suspense fallback={fallback}>
        <InBrowser fallback={fallback}>
          <div data-slot="markdown-fence">
            <Renderer code={code} />
          </div>
        </InBrowser>
      </Suspense>
    );
  }
}

/** The server has no error boundaries, and what draws diagrams wants a document to draw in. */
function InBrowser({ fallback, children }: { fallback: ReactNode; children: ReactNode }) {
  const isBrowser = useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );
  return isBrowser ? children : fallback;
}
