import type { ReactNode } from "react";
import { Frond } from "@/components/ui/frond";

/** The layout of the page for one request. */
export function AnswerPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[720px] flex-col gap-5 px-4 py-8 sm:px-6 sm:py-14">
      <header className="flex items-center gap-2.5">
        <Frond />
        <h1 className="text-xl font-semibold tracking-[-0.02em]">{title}</h1>
      </header>
      {children}
    </main>
  );
}
