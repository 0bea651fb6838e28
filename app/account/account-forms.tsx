"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { announceAccountChange } from "@/app/(chat)/_chat/use-sign-in";
import { createAccount, requestSignInLink, signIn, type FormOutcome } from "./actions";

type Way = "create" | "sign-in" | "link";

const ways: Record<Way, { label: string; submit: string; note: string }> = {
  create: {
    label: "Create an account",
    submit: "Create account",
    note: "Create an account to use your chats on any device. Your current chats move with you.",
  },
  "sign-in": {
    label: "Sign in",
    submit: "Sign in",
    note: "Your guest chats move to your account.",
  },
  link: {
    label: "Sign in with an email link",
    submit: "Send a link",
    note: "No password needed: the link signs you in, and creates your account if you don't have one.",
  },
};

/** The forms that turn a guest into an account. Typed text is kept if the server refuses it. */
export function AccountForms({ canSendMail }: { canSendMail: boolean }) {
  const [way, setWay] = useState<Way>("create");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [outcome, setOutcome] = useState<FormOutcome | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const { submit, note } = ways[way];

  async function send(event: React.FormEvent) {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    setOutcome(null);
    try {
      const result =
        way === "link"
          ? await requestSignInLink(email)
          : await (way === "create" ? createAccount : signIn)({ email, password });
      // A full load as the new user leaves no data of the guest in the page.
      if (result.ok && way !== "link") {
        announceAccountChange();
        return window.location.assign("/settings");
      }
      setOutcome(result);
    } catch (error) {
      setOutcome({ ok: false, problem: describeError(error) });
    }
    setIsBusy(false);
  }

  const field =
    "h-9 w-full rounded-sm border border-line-strong bg-surface px-2.5 text-ink pointer-coarse:h-11 pointer-coarse:text-base";
  return (
    <div className="flex max-w-[380px] flex-col gap-3 text-sm">
      <div className="flex flex-wrap gap-1">
        {(Object.keys(ways) as Way[])
          .filter((each) => each !== "link" || canSendMail)
          .map((each) => (
            <Button
              key={each}
              size="sm"
              variant="ghost"
              aria-pressed={each === way}
              className="aria-pressed:bg-raised aria-pressed:text-ink"
              onClick={() => {
                setWay(each);
                setOutcome(null);
              }}
            >
              {ways[each].label}
            </Button>
          ))}
      </div>
      <p className="text-ink-2">{note}</p>
      <form
        aria-label={ways[way].label}
        className="flex flex-col gap-3"
        onSubmit={(event) => void send(event)}
      >
        <label className="flex flex-col gap-1.5 text-ink-2">
          Email
          <input
            type="email"
            required
            value={email}
            autoComplete="email"
            className={field}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        {way !== "link" && (
          <label className="flex flex-col gap-1.5 text-ink-2">
            Password
            <input
              type="password"
              required
              minLength={way === "create" ? 8 : undefined}
              value={password}
              autoComplete={way === "create" ? "new-password" : "current-password"}
              className={field}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
        )}
        {outcome && !outcome.ok && (
          <p role="alert" className="text-red">
            {outcome.problem}
          </p>
        )}
        {outcome?.ok && <output>{outcome.note}</output>}
        <Button type="submit" variant="primary" className="self-start" disabled={isBusy}>
          {submit}
        </Button>
      </form>
    </div>
  );
}
