"use client";

import { useTheme } from "next-themes";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ReactNode, useRef, useState, useSyncExternalStore } from "react";
import { forgetEverything } from "@/components/chat/shared/browser-storage";
import { ShareLinks } from "@/components/chat/shell/share-dialog";
import { ShortcutList } from "@/components/chat/shell/shortcut-list";
import { kitShortcuts, type ShortcutGroup } from "@/components/chat/shell/shortcuts";
import { useFocusRestore } from "@/components/chat/shared/use-focus-restore";
import { untilLoaded } from "@/components/chat/shared/until-loaded";
import { Button, buttonClass } from "@/components/ui/button";
import type { ApiKeySummary } from "@/lib/api-keys/keys";
import type { ShareSummary } from "@/lib/chat/chats/share";
import type { ModelInfo } from "@/lib/agent/model-catalog";
import { revokeShare } from "@/app/(chat)/_chat/actions/chats";
import { useShowShortcuts } from "@/app/(chat)/_chat/commands-provider";
import { describeError } from "@/app/(chat)/_chat/actions/expected-error";
import { announceAccountChange } from "@/app/(chat)/_chat/use-sign-in";
import { AccountForms } from "./account-forms";
import { EventHooks, type EventHooksProps } from "./event-hooks";
import { requestSignInLink, setDefaultModel, signOut } from "./actions";

const DeleteEverything = dynamic(() =>
  untilLoaded(() => import("./delete-everything")).then(({ DeleteEverything }) => DeleteEverything),
);

const ApiKeys = dynamic(() => untilLoaded(() => import("./api-keys")).then(({ ApiKeys }) => ApiKeys));

export type SettingsProps = {
  /** Null for a guest. */
  email: string | null;
  isVerified: boolean;
  canSendMail: boolean;
  models: ModelInfo[];
  defaultModel: string | null;
  shares: ShareSummary[];
  apiKeys: ApiKeySummary[];
  /** Where other services send events. */
  hooks: EventHooksProps;
};

export function Settings({
  email,
  isVerified,
  canSendMail,
  models,
  defaultModel,
  shares,
  apiKeys,
  hooks,
}: SettingsProps) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-[720px] flex-col gap-10 px-4 py-8 sm:px-6">
        <Section title="Account">
          {email === null ? (
            <AccountForms canSendMail={canSendMail} />
          ) : (
            <SignedIn email={email} canVerify={canSendMail && !isVerified} />
          )}
        </Section>
        <Section title="Appearance">
          <ThemeChoice />
        </Section>
        <Section title="Model">
          <ModelChoice models={models} chosen={defaultModel} />
        </Section>
        <Section title="Keyboard">
          <Keyboard />
        </Section>
        <Section title="Shared links">
          <Shares initial={shares} />
        </Section>
        <Section title="API keys">
          {email === null ? (
            <p className="text-sm text-ink-2">
              Create an account to use your chats from programs. API keys belong to accounts.
            </p>
          ) : (
            <ApiKeys initial={apiKeys} />
          )}
        </Section>
        <Section title="Events">
          <EventHooks {...hooks} />
        </Section>
        <Section title="Your data">
          <p className="text-sm text-ink-2">
            A JSON Lines file with every chat, including archived ones, every message of every branch, and the
            names of your API keys.
          </p>
          <div className="flex flex-wrap gap-2">
            <a href="/settings/export" download className={buttonClass()}>
              Export everything
            </a>
            <DeleteEverything />
          </div>
        </Section>
        <Link
          href="/docs"
          prefetch={false}
          className="self-start text-sm text-ink-2 underline decoration-kelp-line underline-offset-3 hover:text-ink pointer-coarse:py-3"
        >
          Documentation
        </Link>
      </div>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <h2 className="font-semibold tracking-[-0.01em]">{title}</h2>
      {children}
    </section>
  );
}

function SignedIn({ email, canVerify }: { email: string; canVerify: boolean }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [note, setNote] = useState<string | null>(null);

  async function sendLink() {
    try {
      const outcome = await requestSignInLink(email);
      setProblem(outcome.ok ? null : outcome.problem);
      setNote(outcome.ok ? (outcome.note ?? null) : null);
    } catch (error) {
      setProblem(describeError(error));
    }
  }

  return (
    <div className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
      <span className="min-w-0 flex-1 truncate">
        Signed in as <strong className="font-medium text-ink">{email}</strong>
      </span>
      <Button
        onClick={() => {
          signOut().then(
            (outcome) => {
              if (!outcome.ok) return setProblem(outcome.problem);
              forgetEverything();
              announceAccountChange();
              // A full load leaves no data of this person in the page.
              window.location.assign("/");
            },
            (error: unknown) => setProblem(describeError(error)),
          );
        }}
      >
        Sign out
      </Button>
      {canVerify && (
        <div className="flex w-full flex-wrap items-center gap-3">
          <p className="min-w-0 flex-1 basis-64">
            Your email isn&rsquo;t verified, so we won&rsquo;t mail you requests. A sign-in link verifies it,
            and replaces your password.
          </p>
          <Button onClick={() => void sendLink()}>Send a sign-in link</Button>
        </div>
      )}
      {note && <output className="w-full">{note}</output>}
      {problem && (
        <p role="alert" className="w-full text-red">
          {problem}
        </p>
      )}
    </div>
  );
}

const themes = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

function ThemeChoice() {
  const { theme, setTheme } = useTheme();
  // The server doesn't know the theme.
  const isInBrowser = useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="sr-only">Theme</legend>
      {themes.map(([value, label]) => (
        <label
          key={value}
          className="flex h-9 cursor-pointer items-center gap-2 rounded-sm border px-3 text-sm has-checked:border-kelp-line has-checked:bg-kelp-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-kelp pointer-coarse:h-11"
        >
          <input
            type="radio"
            name="theme"
            value={value}
            className="accent-kelp outline-none"
            checked={isInBrowser && theme === value}
            onChange={() => setTheme(value)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

function ModelChoice({ models, chosen }: { models: ModelInfo[]; chosen: string | null }) {
  const [value, setValue] = useState(chosen ?? "");
  const [note, setNote] = useState<{ text: string; isProblem: boolean } | null>(null);
  function choose(next: string) {
    setValue(next);
    setNote(null);
    setDefaultModel(next === "" ? null : next).then(
      () => setNote({ text: "Saved. New chats will use this model.", isProblem: false }),
      (error: unknown) => {
        setValue(value);
        setNote({ text: describeError(error), isProblem: true });
      },
    );
  }
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor="default-model" className="text-sm text-ink-2">
        Default model
      </label>
      <select
        id="default-model"
        value={value}
        className="h-9 max-w-full self-start rounded-sm border border-line-strong bg-surface px-2.5 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">Automatic ({models[0]?.label ?? "none"})</option>
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.label}
          </option>
        ))}
        {value !== "" && !models.some((model) => model.id === value) && (
          <option value={value}>{value} (no longer available)</option>
        )}
      </select>
      <output className={note?.isProblem ? "text-sm text-red" : "text-sm text-ink-3"}>{note?.text}</output>
    </div>
  );
}

const frequent: ShortcutGroup[] = kitShortcuts.slice(0, 2);

function Keyboard() {
  const showShortcuts = useShowShortcuts();
  return (
    <>
      <ShortcutList groups={frequent} className="max-w-md" />
      <Button className="self-start" aria-haspopup="dialog" onClick={showShortcuts}>
        All shortcuts
      </Button>
    </>
  );
}

function Shares({ initial }: { initial: ShareSummary[] }) {
  const [links, setLinks] = useState(initial);
  const [problem, setProblem] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const focusRestore = useFocusRestore(list);
  return (
    <div ref={list} tabIndex={-1} className="flex flex-col gap-3 outline-none" {...focusRestore}>
      {links.length === 0 && (
        <p className="text-sm text-ink-2">No shared links. Share a chat from its ⋯ menu.</p>
      )}
      {links.length > 0 && (
        <ShareLinks
          links={links}
          onRevoke={(id) => {
            setProblem(null);
            revokeShare(id).then(
              () => setLinks((all) => all.filter((link) => link.id !== id)),
              (error: unknown) => setProblem(describeError(error)),
            );
          }}
        />
      )}
      {problem && (
        <p role="alert" className="text-sm text-red">
          {problem}
        </p>
      )}
    </div>
  );
}
