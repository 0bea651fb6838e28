"use client";

import Link from "next/link";
import { useState } from "react";
import { Button, buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { followSignInLink } from "../../account/actions";
import { describeError } from "../../chat/expected-error";

export function FollowLink({ token }: { token: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function follow() {
    setIsBusy(true);
    try {
      const outcome = await followSignInLink(token);
      if (outcome.ok) return window.location.assign("/");
      setProblem(outcome.problem);
    } catch (error) {
      setProblem(describeError(error));
    }
    setIsBusy(false);
  }

  return (
    <main className="grid min-h-dvh place-items-center px-6">
      <div className="flex max-w-md flex-col items-start gap-5">
        <Frond className="size-9 rounded-[11px]" />
        <div className="flex flex-col gap-1.5">
          <h1 className="text-xl font-semibold tracking-[-0.02em]">Sign in to Holdfast</h1>
          <p className="text-ink-2">The chats you have in this browser as a guest go along.</p>
        </div>
        {problem ? (
          <>
            <p role="alert" className="text-red">
              {problem}
            </p>
            <Link href="/settings" className={buttonClass()}>
              Ask for a new link
            </Link>
          </>
        ) : (
          <Button variant="primary" disabled={isBusy} onClick={() => void follow()}>
            Sign in
          </Button>
        )}
      </div>
    </main>
  );
}
