import type { Metadata } from "next";
import Link from "next/link";
import { Frond } from "@/components/ui/frond";
import { ThemeToggle } from "@/components/ui/theme-toggle";

export const metadata: Metadata = { title: { default: "Docs", template: "%s · Holdfast docs" } };

export default function DocsLayout({ children }: { children: React.ReactNode }) {
  return (
    <div className="mx-auto min-h-dvh max-w-[1040px] xl:max-w-[1248px] px-4 sm:px-6">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-10 focus:rounded-sm focus:bg-surface focus:px-3 focus:py-2 focus:text-sm"
      >
        Skip to content
      </a>
      <header className="flex h-14 items-center gap-2.5 border-b">
        <Link
          href="/docs"
          prefetch={false}
          className="flex items-center gap-2.5 font-semibold tracking-[-0.01em]"
        >
          <Frond /> Holdfast docs
        </Link>
        <Link
          href="/"
          prefetch={false}
          className="ml-auto rounded-sm px-2.5 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink pointer-coarse:py-3"
        >
          Open the chat
        </Link>
        <ThemeToggle />
      </header>
      {children}
    </div>
  );
}
