import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";

/** With a Trigger.dev key, runs are inspected in its dashboard. */
export function NoEngine() {
  return (
    <main className="grid min-h-dvh place-items-center px-6">
      <div className="flex max-w-md flex-col items-start gap-5">
        <Frond className="size-9 rounded-[11px]" />
        <div className="flex flex-col gap-1.5">
          <h1 className="text-xl font-semibold tracking-[-0.02em]">The embedded engine isn't running here</h1>
          <p className="text-ink-2">
            This app's sessions run on Trigger.dev. See them in its{" "}
            <a
              href="https://trigger.dev/docs/ai-chat/sessions"
              className="text-ink underline decoration-kelp-line underline-offset-3 hover:text-kelp"
            >
              dashboard
            </a>
            .
          </p>
        </div>
        <Link href="/" className={buttonClass({ variant: "primary" })}>
          Back to chats
        </Link>
      </div>
    </main>
  );
}
