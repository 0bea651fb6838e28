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
  /** Renders `$$…$$`, `\(…\)` and `\[…\]`. The renderer is loaded with the first formula. */
  math?: boolean;
  /** Components that render a closed code block of a language instead of showing its code. Make them lazy. */
  fences?: Record<string, ComponentType<FenceProps>>;
};

/**
 * Enables optional Markdown features below. All are off by default: each adds weight, and diagrams run a parser on a
 * model's text. Keep the value stable.
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

/** Shows the code while a diagram loads, and when its component fails. */
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

/** Renders diagrams only in the browser: the server has no error boundaries and no document. */
function InBrowser({ fallback, children }: { fallback: ReactNode; children: ReactNode }) {
  const isBrowser = useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );
  return isBrowser ? children : fallback;
}
