import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { DocsNav } from "./docs-nav";

export default function NotFound() {
  return (
    <div className="md:flex md:gap-10 xl:gap-12">
      <DocsNav slug="" />
      <main id="content" tabIndex={-1} className="flex flex-1 flex-col items-start gap-5 pt-8 outline-none">
        <div className="flex flex-col gap-1.5">
          <h1 className="text-xl font-semibold tracking-[-0.02em]">Page not found</h1>
          <p className="text-ink-2">The docs have no page at this address. The list shows all of them.</p>
        </div>
        <Link href="/docs" prefetch={false} className={buttonClass({ variant: "primary" })}>
          All pages
        </Link>
      </main>
    </div>
  );
}
