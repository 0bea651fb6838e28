import type { Metadata } from "next";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center px-6">
      <div className="flex max-w-md flex-col items-start gap-5">
        <Frond className="size-9 rounded-[11px]" />
        <div className="flex flex-col gap-1.5">
          <h1 className="text-xl font-semibold tracking-[-0.02em]">Page not found</h1>
          <p className="text-ink-2">
            It may have been deleted, belong to someone else, or the address is mistyped.
          </p>
        </div>
        <Link href="/" className={buttonClass({ variant: "primary" })}>
          Start a new chat
        </Link>
      </div>
    </main>
  );
}
