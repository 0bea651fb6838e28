"use client";

import Link from "next/link";
import { useState } from "react";
import { Button, buttonClass } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { followSignInLink } from "../../account/actions";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { announceAccountChange } from "@/app/(chat)/_chat/use-sign-in";

export type FollowLinkProps = {
  link: { token: string; browser: string };
  /** The account's email; null if the link was used or has expired. */
  address: string | null;
  /** Whether this browser requested the link. */
  isOwnBrowser: boolean;
  /** The number of this browser's guest chats. */
  guestChats: number;
  /** The account that is currently signed in here, if any. */
  signedInAs: string | null;
};

export function FollowLink({ link, address, isOwnBrowser, guestChats, signedInAs }: FollowLinkProps) {
  const [problem, setProblem] = useState(
    address === null ? "This link was already used, or is more than five minutes old." : null,
  );
  const [isBusy, setIsBusy] = useState(false);
  const canMove = isOwnBrowser && guestChats > 0;
  const chats = guestChats === 1 ? "1 chat" : `${guestChats} chats`;

  async function signIn(movesChats: boolean) {
    setIsBusy(true);
    try {
      const outcome = await followSignInLink({ ...link, movesChats });
      if (outcome.ok) {
        announceAccountChange();
        return window.location.assign("/");
      }
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
          {address !== null && (
            <p className="text-ink-2">
              You&rsquo;ll sign in as <strong className="font-medium break-all text-ink">{address}</strong>.
              {signedInAs !== null && signedInAs !== address && ` You're signed in as ${signedInAs} now.`}
            </p>
          )}
        </div>
        {problem ? (
          <>
            <p role="alert" className="text-red">
              {problem}
            </p>
            <Link href="/settings" className={buttonClass()}>
              Request a new link
            </Link>
          </>
        ) : (
          <>
            {!isOwnBrowser && (
              <p className="rounded-sm border border-line-strong bg-raised px-3 py-2.5">
                This link was requested in another browser. If you didn&rsquo;t request it yourself, close
                this page: it may lead to someone else&rsquo;s account.
              </p>
            )}
            {guestChats > 0 && (
              <p className="text-ink-2">
                {canMove
                  ? `This browser has ${chats} without an account. You can move them to this account, or leave them here: they come back when you sign out.`
                  : `The ${chats} in this browser won't move. They come back when you sign out.`}
              </p>
            )}
            <div className="flex flex-wrap gap-2">
              {canMove && (
                <Button variant="primary" disabled={isBusy} onClick={() => void signIn(true)}>
                  Sign in and move {chats}
                </Button>
              )}
              <Button
                variant={canMove ? "outline" : "primary"}
                disabled={isBusy}
                onClick={() => void signIn(false)}
              >
                {!isOwnBrowser ? "I requested it, sign in" : canMove ? "Sign in without them" : "Sign in"}
              </Button>
            </div>
          </>
        )}
      </div>
    </main>
  );
}
